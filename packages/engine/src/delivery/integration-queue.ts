import type { LoadedIntegration } from '../integrations/load.ts';
import type { ClaimedSync } from './claim.ts';

/**
 * One integration within a worker: what was claimed for it and waits for a slot, how many calls are
 * under way, and the tokens of its rate limit.
 */
export class IntegrationQueue {
  integration: LoadedIntegration;
  inFlight = 0;
  #waiting: ClaimedSync[] = [];
  #head = 0;
  #tokens: number;
  #filledAt = performance.now();
  /** Calls ended since `#measuredFrom`, for {@link room}. */
  #ended = 0;
  #perSecond = 0;
  #measuredFrom = performance.now();

  constructor(integration: LoadedIntegration) {
    this.integration = integration;
    this.#tokens = integration.rateLimit ?? 0;
  }

  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.inFlight === 0;
  }

  add(sync: ClaimedSync): void {
    this.#waiting.push(sync);
  }

  /** The next sync, if concurrency and rate limit let it go now. */
  take(): ClaimedSync | null {
    if (this.waiting === 0 || this.inFlight >= this.integration.concurrency || !this.#takeToken())
      return null;
    const sync = this.#waiting[this.#head++]!;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    this.inFlight++;
    return sync;
  }

  ended(): void {
    this.inFlight--;
    this.#ended++;
  }

  /** Everything that waits here, given up. */
  clear(): ClaimedSync[] {
    const waiting = this.#waiting.slice(this.#head);
    this.#waiting = [];
    this.#head = 0;
    return waiting;
  }

  ids(): number[] {
    return this.#waiting.slice(this.#head).map((sync) => sync.id);
  }

  /**
   * How many more to claim: enough for half a second at the pace of late, so that a fast receiver never
   * waits for a claim, and a slow one does not hoard what another worker could deliver.
   */
  room(): number {
    const { concurrency, rateLimit } = this.integration;
    const elapsed = performance.now() - this.#measuredFrom;
    if (elapsed > 250) {
      this.#perSecond = (this.#ended * 1_000) / elapsed;
      this.#ended = 0;
      this.#measuredFrom = performance.now();
    }
    const wanted = Math.max(concurrency * 2, Math.ceil(this.#perSecond / 2));
    const capped = rateLimit === null ? wanted : Math.min(wanted, Math.max(1, Math.ceil(rateLimit)));
    return Math.max(0, capped - this.waiting);
  }

  /** Ms until the rate limit lets the next call go; 0 when it is not what holds it up. */
  waitMs(): number {
    const { rateLimit } = this.integration;
    if (rateLimit === null || this.waiting === 0) return 0;
    this.#refill(rateLimit);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1_000) / rateLimit);
  }

  #takeToken(): boolean {
    const { rateLimit } = this.integration;
    if (rateLimit === null) return true;
    this.#refill(rateLimit);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** A bucket that holds one second's worth: bursts up to the limit, then the limit's pace. */
  #refill(rateLimit: number): void {
    const now = performance.now();
    this.#tokens = Math.min(
      Math.max(1, rateLimit),
      this.#tokens + ((now - this.#filledAt) * rateLimit) / 1_000,
    );
    this.#filledAt = now;
  }
}
