import type { LoadedIntegration } from '../integrations/load.ts';
import type { ClaimedSync } from './claim.ts';

/** An integration without work for so long is forgotten; what it would remember is worth nothing by then. */
const FORGET_AFTER_MS = 60_000;
/** How long a pace is measured before {@link IntegrationQueue.room} believes it. */
const MEASURE_MS = 250;

/**
 * One integration within a worker: what was claimed for it and waits for a slot, how many calls are
 * under way, and the tokens of its rate limit. Time is a parameter, in monotonic ms.
 */
export class IntegrationQueue {
  integration: LoadedIntegration;
  inFlight = 0;
  #waiting: ClaimedSync[] = [];
  #head = 0;
  #tokens: number;
  #filledAt: number;
  #usedAt: number;
  /** Calls ended since `#measuredFrom`, for {@link room}. */
  #ended = 0;
  #perSecond = 0;
  #measuredFrom: number;

  constructor(integration: LoadedIntegration, now: number) {
    this.integration = integration;
    this.#tokens = integration.rateLimit ?? 0;
    this.#filledAt = now;
    this.#usedAt = now;
    this.#measuredFrom = now;
  }

  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  add(sync: ClaimedSync): void {
    this.#waiting.push(sync);
  }

  /** The next sync, if concurrency and rate limit let it go now. */
  take(now: number): ClaimedSync | null {
    if (this.waiting === 0 || this.inFlight >= this.integration.concurrency || !this.#takeToken(now))
      return null;
    const sync = this.#waiting[this.#head++]!;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    this.inFlight++;
    this.#usedAt = now;
    return sync;
  }

  ended(now: number): void {
    this.inFlight--;
    this.#ended++;
    this.#usedAt = now;
  }

  /** Everything that waits here, given up; or only those that are named. */
  clear(only?: ReadonlySet<number>): ClaimedSync[] {
    const waiting = this.#waiting.slice(this.#head);
    this.#waiting = only ? waiting.filter((sync) => !only.has(sync.id)) : [];
    this.#head = 0;
    return only ? waiting.filter((sync) => only.has(sync.id)) : waiting;
  }

  ids(): number[] {
    return this.#waiting.slice(this.#head).map((sync) => sync.id);
  }

  /**
   * How many more to claim: enough for half a second at the pace of late, so that a fast receiver never
   * waits for a claim, and a slow one does not hoard what another worker could deliver.
   */
  room(now: number): number {
    const { concurrency, rateLimit } = this.integration;
    const elapsed = now - this.#measuredFrom;
    if (elapsed > MEASURE_MS) {
      this.#perSecond = (this.#ended * 1_000) / elapsed;
      this.#ended = 0;
      this.#measuredFrom = now;
    }
    const wanted = Math.max(concurrency * 2, Math.ceil(this.#perSecond / 2));
    const capped = rateLimit === null ? wanted : Math.min(wanted, Math.max(1, Math.ceil(rateLimit)));
    return Math.max(0, capped - this.waiting);
  }

  /** Ms until the rate limit lets the next call go; 0 when it is not what holds it up. */
  waitMs(now: number): number {
    const { rateLimit } = this.integration;
    if (rateLimit === null || this.waiting === 0) return 0;
    this.#refill(rateLimit, now);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1_000) / rateLimit);
  }

  /** Whether forgetting it loses nothing: no work, and a bucket as full as a new one's. */
  isForgettable(now: number): boolean {
    const { rateLimit } = this.integration;
    const fillMs = rateLimit === null ? 0 : Math.max(1, rateLimit) * (1_000 / rateLimit);
    return (
      this.waiting === 0 && this.inFlight === 0 && now - this.#usedAt > Math.max(FORGET_AFTER_MS, fillMs)
    );
  }

  #takeToken(now: number): boolean {
    const { rateLimit } = this.integration;
    if (rateLimit === null) return true;
    this.#refill(rateLimit, now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** A bucket that holds one second's worth: bursts up to the limit, then the limit's pace. */
  #refill(rateLimit: number, now: number): void {
    this.#tokens = Math.min(
      Math.max(1, rateLimit),
      this.#tokens + ((now - this.#filledAt) * rateLimit) / 1_000,
    );
    this.#filledAt = now;
  }
}
