import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Verdict } from '../verdict.ts';
import { decide, MAX_WAIT_MS } from './decide.ts';
import { maxAttempts, type RetryPolicy, retryDelayMs } from './policy.ts';

const DAY = 86_400_000;
const jitter = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined });
const policies: fc.Arbitrary<RetryPolicy> = fc.oneof(
  fc.constantFrom<RetryPolicy>({ preset: 'standard' }, { preset: 'original' }),
  fc.record({
    type: fc.constant('exponential' as const),
    baseMs: fc.integer({ min: 0, max: 7 * DAY }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    capMs: fc.integer({ min: 0, max: 7 * DAY }),
    maxAttempts: fc.integer({ min: 1, max: 50 }),
    jitter,
  }),
  fc.record({
    type: fc.constant('schedule' as const),
    delaysMs: fc.array(fc.integer({ min: 0, max: 7 * DAY }), { maxLength: 49 }),
    jitter,
  }),
);
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const sync = { retries: 0, attempts: 0 };

test('every policy ends: as many waits as its tries less one, then none', () => {
  fc.assert(
    fc.property(policies, random, (policy, r) => {
      const tries = maxAttempts(policy);
      for (let retry = 0; retry < tries - 1; retry++)
        expect(retryDelayMs(policy, retry, r)).toBeGreaterThanOrEqual(0);
      for (const retry of [tries - 1, tries, tries + 40]) expect(retryDelayMs(policy, retry, r)).toBeNull();
    }),
  );
});

test('jitter makes a wait longer by its share at most, never shorter', () => {
  fc.assert(
    fc.property(policies, fc.nat(49), random, (policy, retry, r) => {
      const exact = retryDelayMs(policy, retry, 0);
      const jittered = retryDelayMs(policy, retry, r);
      if (exact === null || jittered === null) {
        expect(jittered).toBe(exact);
        return;
      }
      const share = 'preset' in policy ? 0.1 : (policy.jitter ?? 0.1);
      expect(jittered).toBeGreaterThanOrEqual(exact);
      expect(jittered).toBeLessThanOrEqual(exact * (1 + share) + 1);
    }),
  );
});

test('exponential waits never shrink and never exceed the cap', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      if ('preset' in policy || policy.type !== 'exponential') return;
      let before = 0;
      for (let retry = 0; retry < policy.maxAttempts - 1; retry++) {
        const delay = retryDelayMs(policy, retry, 0)!;
        expect(delay).toBeGreaterThanOrEqual(before);
        expect(delay).toBeLessThanOrEqual(policy.capMs);
        before = delay;
      }
    }),
  );
});

test('a retry is never earlier than the policy and Retry-After ask, and Retry-After asks for a day at most', () => {
  const after = fc.oneof(
    fc.integer({ min: -DAY, max: 30 * DAY }),
    fc.constantFrom(Number.NaN, Infinity, undefined),
  );
  fc.assert(
    fc.property(
      policies,
      fc.constantFrom('retry', 'ambiguous'),
      after,
      random,
      (policy, kind, afterMs, r) => {
        const verdict = { kind, explanation: 'later', afterMs } as Verdict;
        const step = decide(sync, verdict, policy, r);
        const usual = retryDelayMs(policy, 0, r);
        if (usual === null) {
          expect(step).toMatchObject({ status: 'failed', reason: 'exhausted' });
          return;
        }
        const asked = Math.min(Number.isNaN(afterMs) ? 0 : (afterMs ?? 0), MAX_WAIT_MS);
        expect(step.delayMs).toBe(Math.max(usual, asked));
        expect(step.retries).toBe(1);
      },
    ),
  );
});

test('only retry and ambiguous use up the budget', () => {
  const policy: RetryPolicy = { type: 'schedule', delaysMs: [] };
  const steps = (['delivered', 'rejected', 'unauthorized', 'gone', 'held'] as const).map(
    (kind) => decide({ retries: 3, attempts: 9 }, { kind, explanation: '' } as Verdict, policy, 0).retries,
  );
  expect(steps).toEqual([3, 3, 3, 3, 3]);
  expect(decide({ retries: 3, attempts: 9 }, null, policy, 0)).toMatchObject({
    status: 'pending',
    retries: 3,
  });
});
