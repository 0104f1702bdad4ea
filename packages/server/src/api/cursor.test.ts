import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onDatabase } from '../../../../tests/kit/databases.ts';
import { decodeCursor, decodeIdCursor, encodeCursor } from './cursor.ts';
import { useTestApi } from './test-api.ts';

describe('cursors', () => {
  test('a cursor gives back the position it was made of, on its own list only', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.oneof(fc.nat(), fc.string()), (list, other, position) => {
        const cursor = encodeCursor(list, position);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeCursor(list, cursor)).toBe(position);
        if (other !== list) expect(() => decodeCursor(other, cursor)).toThrow('page.next');
      }),
    );
  });

  test('what is no cursor is refused as such, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (text) => {
          expect(() => decodeIdCursor('customers', text)).toThrow('page.next');
        },
      ),
    );
  });
});

onDatabase('postgres', 'paging', (open) => {
  const api = useTestApi(open);

  test('following next visits every record once, in order, whatever the limit and while others are added', async () => {
    const call = await api().as('pages');
    for (let n = 0; n < 23; n++) await call('POST', '/api/v1/customers', { name: `Customer ${n}` });
    for (const [order, limit] of [
      ['desc', 1],
      ['desc', 7],
      ['asc', 5],
      ['asc', 23],
      ['desc', 200],
    ] as const) {
      const seen: string[] = [];
      let next: string | null = '';
      while (next !== null) {
        const cursor: string = next === '' ? '' : `&cursor=${next}`;
        const { body } = await call('GET', `/api/v1/customers?limit=${limit}&order=${order}${cursor}`);
        seen.push(...body.data.map(({ name }: { name: string }) => name));
        next = body.page.next;
        if (order === 'desc') await call('POST', '/api/v1/assets', { name: 'somebody else' });
      }
      const numbers = Array.from({ length: 23 }, (_, n) => `Customer ${n}`);
      expect(seen).toEqual(order === 'asc' ? numbers : numbers.toReversed());
    }
  });

  test('garbage, and the cursor of another list, are 400', async () => {
    const call = await api().as('garbage');
    for (const path of [
      'customers',
      'work-items',
      'notes',
      'syncs',
      'events',
      'attempts',
      'integrations',
      'hooks',
    ]) {
      for (const cursor of [
        'x',
        'bnVsbA',
        'e30',
        encodeCursor('employees', 1),
        encodeCursor('customers', -1),
      ]) {
        const { status, body } = await call('GET', `/api/v1/${path}?cursor=${cursor}`);
        expect([status, body.type], `${path} ${cursor}`).toEqual([400, '/problems/invalid-cursor']);
      }
    }
  });
});
