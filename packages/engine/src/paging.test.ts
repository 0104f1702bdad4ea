import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Conditions, CursorError, readPage, toPage } from './paging.ts';

test('pages of any size show every row once, newest first', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat()), fc.integer({ min: 1, max: 300 }), (ids, limit) => {
      const all = ids.toSorted((a, b) => b - a);
      const seen: number[] = [];
      let cursor: string | undefined;
      do {
        const page = readPage({ limit, ...(cursor !== undefined && { cursor }) });
        const found = all.filter((id) => page.before === null || id < page.before).slice(0, page.limit + 1);
        const { data, next } = toPage(
          found,
          page.limit,
          (id) => id,
          (id) => id,
        );
        expect(data.length).toBeLessThanOrEqual(200);
        seen.push(...data);
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(all);
    }),
  );
});

test('a cursor that no list has given out is refused, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (cursor) => {
      if (/^before:\d{1,16}$/.test(Buffer.from(cursor, 'base64url').toString())) return;
      expect(() => readPage({ cursor })).toThrow(CursorError);
    }),
  );
  for (const text of ['before:', 'before:-1', 'before:1 or 1=1', 'before:99999999999999999'])
    expect(() => readPage({ cursor: Buffer.from(text).toString('base64url') })).toThrow(CursorError);
});

test('a limit that is no number is the default', () => {
  expect([Number.NaN, undefined, 0, -5, 1e9, 2.7].map((limit) => readPage({ limit }).limit)).toEqual([
    50, 50, 1, 1, 200, 2,
  ]);
});

test('values are bound, never written into the statement', () => {
  const conditions = new Conditions().equal('a', "'; drop table x").equal('b', undefined).equal('c', 0);
  expect([conditions.where, conditions.values]).toEqual(['a = $1 and c = $2', ["'; drop table x", 0]]);
  expect(new Conditions().where).toBe('true');
});
