import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toStorableJson } from './storable-json.ts';

const nasty = fc.string({
  unit: fc.constantFrom('\0', '\ud800', '\udfff', '\\', 'u', '0', 'd', '8', '"', '\n', '😀', 'a'),
  maxLength: 40,
});

test('NUL and lone surrogates become U+FFFD, and every other character stays', () => {
  fc.assert(
    fc.property(fc.array(nasty), (texts) => {
      const stored = JSON.parse(toStorableJson(texts));
      expect(stored).toEqual(texts.map((text) => text.toWellFormed().replaceAll('\0', '\ufffd')));
    }),
    { numRuns: 2_000 },
  );
});

test('an answer made of backslashes takes no longer than any other', () => {
  const answer = `\0${'\\'.repeat(1_000_000)}`;
  const from = performance.now();
  expect(JSON.parse(toStorableJson(answer))).toBe(`\ufffd${'\\'.repeat(1_000_000)}`);
  // one that looks back from each takes hours
  expect(performance.now() - from).toBeLessThan(5_000);
});
