import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uuidv7 } from './uuid.ts';

const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test('ids sort by their time, as text and so as uuid', () => {
  fc.assert(
    fc.property(times, times, (a, b) => {
      if (a === b) return;
      expect(uuidv7(a) < uuidv7(b)).toBe(a < b);
    }),
  );
});

test('an id says its version, variant and time, and is never given twice', () => {
  const ids = Array.from({ length: 10_000 }, () => uuidv7(1_732_406_400_000));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids.slice(0, 100)) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(1_732_406_400_000);
  }
});
