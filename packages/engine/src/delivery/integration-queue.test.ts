import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LoadedIntegration } from '../integrations/load.ts';
import type { ClaimedSync } from './claim.ts';
import { IntegrationQueue } from './integration-queue.ts';

const integration = (rateLimit: number | null, concurrency = 1_000) =>
  ({ id: 1, rateLimit, concurrency }) as LoadedIntegration;
const sync = (id: number) => ({ id }) as ClaimedSync;

function filled(rateLimit: number | null, count: number, concurrency?: number) {
  const queue = new IntegrationQueue(integration(rateLimit, concurrency), 0);
  for (let id = 1; id <= count; id++) queue.add(sync(id));
  return queue;
}

test('no span of time has more calls than the limit allows it, with one second of burst', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 50, noNaN: true }),
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 }),
      (rateLimit, pauses) => {
        const queue = filled(rateLimit, 10_000);
        const taken: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          while (queue.take(now)) taken.push(now);
        }
        for (const [index, from] of taken.entries()) {
          for (let to = index; to < taken.length; to++) {
            const allowed = Math.max(1, rateLimit) + ((taken[to]! - from) * rateLimit) / 1_000;
            if (to - index + 1 > allowed + 1e-6) expect(to - index + 1).toBeLessThanOrEqual(allowed);
          }
        }
      },
    ),
  );
});

test('waiting as long as it says lets the next call go', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 50, noNaN: true }), (rateLimit) => {
      const queue = filled(rateLimit, 200);
      let now = 0;
      for (let n = 0; n < 100; n++) {
        now += queue.waitMs(now);
        expect(queue.take(now)).not.toBeNull();
      }
    }),
  );
});

test('syncs leave in the order in which they came, never more at once than the concurrency', () => {
  const queue = filled(null, 10, 3);
  const ids = [1, 2, 3].map(() => queue.take(0)!.id);
  expect([ids, queue.take(0), queue.waiting]).toEqual([[1, 2, 3], null, 7]);
  queue.ended(1);
  expect(queue.take(1)?.id).toBe(4);
  expect(queue.clear(new Set([6, 99])).map(({ id }) => id)).toEqual([6]);
  expect(queue.ids()).toEqual([5, 7, 8, 9, 10]);
  expect(queue.clear()).toHaveLength(5);
});

test('it asks for half a second of its pace, and for no more than its rate limit', () => {
  const fast = filled(null, 2_000, 8);
  for (let n = 0; n < 1_000; n++) {
    fast.take(n);
    fast.ended(n);
  }
  expect(fast.room(1_000)).toBe(0); // 1,000 wait
  fast.clear();
  expect(fast.room(1_001)).toBe(500);
  expect(filled(5, 0).room(0)).toBe(5);
  expect(filled(0.2, 0).room(0)).toBe(1);
});

test('it is forgotten when idle for a minute, and not before its bucket is full again', () => {
  const queue = filled(0.01, 1);
  expect(queue.isForgettable(100_000)).toBe(false);
  queue.take(100_000);
  expect(queue.isForgettable(1e9)).toBe(false);
  queue.ended(100_000);
  expect([queue.isForgettable(190_000), queue.isForgettable(200_001)]).toEqual([false, true]);
});
