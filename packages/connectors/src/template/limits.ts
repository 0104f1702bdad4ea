/** What a template may cost. Tenants write templates and they run in our process. */
export const limits = {
  /** Levels of nesting in the template. */
  depth: 32,
  /** Values, lists and objects in the template. */
  nodes: 2000,
  /** Filters after one path. */
  filters: 12,
  /** `$each` rounds of one rendering, all lists together. */
  rounds: 1000,
  /** Bytes of the rendered JSON; no text on the way may be longer either. */
  outputBytes: 262_144,
  /** Characters that the filters of one rendering may go through, and what costs as much. */
  work: 8_388_608,
  /** Levels of nesting of what a path puts in. */
  valueDepth: 64,
} as const;

/** Raised while rendering when a limit is passed; `render` turns it into a value. */
export class LimitExceeded extends Error {}

let workLeft = 0;

/**
 * Charges filters for what they go through, so that a template inside `$each` cannot keep the process busy. Rendering is
 * synchronous: one counter, set at its start, serves.
 */
export function chargeWork(units: number): void {
  workLeft -= units;
  if (workLeft < 0) throw new LimitExceeded('the template does too much work');
}

/** Counts what one rendering may still use. */
export class Budget {
  #bytes: number = limits.outputBytes;
  #rounds: number = limits.rounds;

  constructor() {
    workLeft = limits.work;
  }

  /** At least the bytes that a text or number will take in the JSON. */
  spend(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes < 0) {
      throw new LimitExceeded(`the rendered template is larger than ${limits.outputBytes / 1024} KiB`);
    }
  }

  round(): void {
    if (--this.#rounds < 0) throw new LimitExceeded(`$each goes around more than ${limits.rounds} times`);
  }

  /** Spends what a value of the payload will take. Stops early, so that a huge value costs no more than the limit. */
  spendValue(value: unknown, depth = 1): void {
    if (typeof value !== 'object' || value === null) {
      this.spend(typeof value === 'string' ? value.length + 2 : 1);
      return;
    }
    if (depth > limits.valueDepth) {
      throw new LimitExceeded(`a value is nested deeper than ${limits.valueDepth} levels`);
    }
    this.spend(2);
    if (Array.isArray(value)) {
      for (const one of value) this.spendValue(one, depth + 1);
      return;
    }
    for (const key of Object.keys(value)) {
      this.spend(key.length + 3);
      this.spendValue((value as Record<string, unknown>)[key], depth + 1);
    }
  }
}
