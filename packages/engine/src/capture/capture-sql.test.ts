import fc from 'fast-check';
import { expect, test } from 'vitest';
import { captureFunction, identifier, literal } from './capture-sql.ts';

test('function names fit a database name, and differ by model and operation', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 })), (models) => {
      const names = models.flatMap((model) => [
        captureFunction(model, 'insert'),
        captureFunction(model, 'update'),
      ]);
      for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      expect(new Set(names).size).toBe(names.length);
    }),
  );
});

test('no name and no text ends its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('"', "'", '\\', 'a', ';') }), (text) => {
      expect(identifier(text).slice(1, -1).replaceAll('""', '')).not.toContain('"');
      expect(literal(text)).toMatch(/'$/);
      expect(literal(text).replace(/^E?'/, '').slice(0, -1).replaceAll("''", '')).not.toContain("'");
    }),
  );
});
