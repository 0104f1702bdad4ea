import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maxRetryAfterMs, parseRetryAfter } from './retry-after.ts';

const now = new Date('2026-11-24T10:00:00Z');

it.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['1.5', 1500],
  ['Tue, 24 Nov 2026 10:00:30 GMT', 30_000],
  ['Tuesday, 24-Nov-26 10:01:00 GMT', 60_000],
  ['Tue Nov 24 10:00:05 2026', 5000],
  ['Sun Nov  1 10:00:05 2026', 0],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  ['999999999999', maxRetryAfterMs],
  ['Thu, 24 Nov 2033 10:00:30 GMT', maxRetryAfterMs],
])('%s is read', (value, ms) => {
  expect(parseRetryAfter(value, now)).toBe(ms);
});

it.each([undefined, '', 'soon', '-5', '1e3', '2026-11-24T10:00:30Z', 'Tue, 24 Foo 2026 10:00:30 GMT', '5 s'])(
  '%s is not a time',
  (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined();
  },
);

it('whatever a receiver sends, the wait is unknown or between nothing and 24 hours', () => {
  const values = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
  );
  fc.assert(
    fc.property(values, fc.date({ noInvalidDate: true }), (value, at) => {
      const ms = parseRetryAfter(value, at);
      if (ms === undefined) return;
      expect(Number.isInteger(ms)).toBe(true);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(maxRetryAfterMs);
    }),
  );
});

it('a date is never answered earlier than it says, within the cap', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_400 }), (seconds) => {
      const date = new Date(now.getTime() + seconds * 1000).toUTCString();
      expect(parseRetryAfter(date, now)).toBe(seconds * 1000);
    }),
  );
});
