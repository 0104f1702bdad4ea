import type { Verdict } from '../verdict.ts';
import { type RetryPolicy, retryDelayMs } from './policy.ts';

/** Retry-After and the like are obeyed, but never beyond a day. */
export const MAX_WAIT_MS = 24 * 60 * 60 * 1_000;
/** How often an inactive destination (held) is asked again. */
const HELD_DELAYS_MS = [60_000, 300_000, 900_000, 1_800_000, 3_600_000];
/** Our own fault: soon, and at no cost to the receiver's budget. */
const FAULT_DELAY_MS = 30_000;

/** What becomes of a sync after a try. */
export interface NextStep {
  status: 'pending' | 'synced' | 'failed';
  reason: string | null;
  /** Until the next try; only for `pending`. */
  delayMs: number;
  /** Retries used of the budget, this one included. */
  retries: number;
  explanation: string | null;
  externalId: string | null;
  /** Set when no further sync should be tried before a person has looked. */
  pause: 'unauthorized' | 'gone' | null;
}

export interface TriedSync {
  /** Retries used of the budget before this try. */
  retries: number;
  /** Tries before this one. */
  attempts: number;
}

/**
 * From (sync, verdict, policy) to the next step; pure. `random` is in [0, 1). `null` for a verdict means
 * that the connector itself failed: our fault, which burns no retry.
 */
export function decide(
  sync: TriedSync,
  verdict: Verdict | null,
  policy: RetryPolicy,
  random: number,
): NextStep {
  const step = {
    status: 'pending',
    reason: null,
    delayMs: 0,
    retries: sync.retries,
    explanation: null,
    externalId: null,
    pause: null,
  } as const;
  if (verdict === null) {
    return {
      ...step,
      reason: 'internal_error',
      delayMs: FAULT_DELAY_MS,
      explanation: 'Signalbox itself failed to make this call; this costs no retry and is tried again.',
    };
  }
  switch (verdict.kind) {
    case 'delivered':
      return {
        ...step,
        status: 'synced',
        externalId: verdict.externalId ?? null,
        explanation: verdict.note ?? null,
      };
    case 'rejected':
      return { ...step, status: 'failed', reason: 'rejected', explanation: verdict.explanation };
    case 'gone':
      return { ...step, status: 'failed', reason: 'gone', explanation: verdict.explanation, pause: 'gone' };
    case 'unauthorized':
      return { ...step, reason: 'unauthorized', explanation: verdict.explanation, pause: 'unauthorized' };
    case 'held': {
      const usual = HELD_DELAYS_MS[Math.min(sync.attempts, HELD_DELAYS_MS.length - 1)]!;
      return {
        ...step,
        reason: 'held',
        delayMs: atLeast(usual, verdict.afterMs),
        explanation: verdict.explanation,
      };
    }
    case 'retry':
    case 'ambiguous': {
      const delayMs = retryDelayMs(policy, sync.retries, random);
      if (delayMs === null) {
        return { ...step, status: 'failed', reason: 'exhausted', explanation: verdict.explanation };
      }
      return {
        ...step,
        reason: verdict.kind === 'ambiguous' ? 'ambiguous' : 'retrying',
        delayMs: atLeast(delayMs, verdict.afterMs),
        retries: sync.retries + 1,
        explanation: verdict.explanation,
      };
    }
  }
}

/** What is no number, such as the parsed garbage of a Retry-After, asks for nothing. */
function atLeast(delayMs: number, afterMs: number | undefined): number {
  return Math.max(delayMs, Math.min(afterMs || 0, MAX_WAIT_MS));
}
