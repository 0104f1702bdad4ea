/**
 * When a failed try is repeated.
 *
 * - a preset: `standard` is the Standard Webhooks schedule, `original` 3 retries from 60 s doubling
 * - `exponential`: `baseMs * factor^n`, at most `capMs`, `maxAttempts` tries in all
 * - `schedule`: a wait in ms before each retry
 *
 * `jitter` is the share by which a wait may grow (0.1: up to 10 % later, never earlier). Default 0.1.
 */
export type RetryPolicy =
  | { preset: 'standard' | 'original' }
  | {
      type: 'exponential';
      baseMs: number;
      factor: number;
      capMs: number;
      maxAttempts: number;
      jitter?: number;
    }
  | { type: 'schedule'; delaysMs: number[]; jitter?: number };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Now, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. */
export const STANDARD_DELAYS_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

const DEFAULT_JITTER = 0.1;

/**
 * The wait in ms before retry number `retry` (0 is the first retry), or null when the budget is used
 * up. `random` is in [0, 1).
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, random: number): number | null {
  const { delays, jitter } = normalise(policy);
  const base = delays(retry);
  return base === null ? null : Math.round(base * (1 + jitter * random));
}

/** How many tries a sync gets in all, the first one included. */
export function maxAttempts(policy: RetryPolicy): number {
  if ('preset' in policy) return policy.preset === 'standard' ? STANDARD_DELAYS_MS.length + 1 : 4;
  return policy.type === 'schedule' ? policy.delaysMs.length + 1 : policy.maxAttempts;
}

function normalise(policy: RetryPolicy): { delays: (retry: number) => number | null; jitter: number } {
  if ('preset' in policy) {
    if (policy.preset === 'standard') return { delays: listed(STANDARD_DELAYS_MS), jitter: DEFAULT_JITTER };
    return { delays: listed([60 * SECOND, 120 * SECOND, 240 * SECOND]), jitter: DEFAULT_JITTER };
  }
  const jitter = policy.jitter ?? DEFAULT_JITTER;
  if (policy.type === 'schedule') return { delays: listed(policy.delaysMs), jitter };
  return {
    jitter,
    delays: (retry) =>
      retry + 1 >= policy.maxAttempts ? null : Math.min(policy.baseMs * policy.factor ** retry, policy.capMs),
  };
}

function listed(delaysMs: readonly number[]): (retry: number) => number | null {
  return (retry) => delaysMs[retry] ?? null;
}
