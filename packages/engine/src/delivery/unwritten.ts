import type { Tried } from './attempt.ts';

/** Tries a statement; 100 are enough to make it cheap, and a poison one is found sooner among fewer. */
const MAX_BATCH = 500;
/** Characters a statement: 500 answers of 64 KiB would be one parameter of 32 MB and more. */
const MAX_BATCH_CHARS = 4_000_000;
/** Above these no further call starts: the database is slow or gone, and memory is not to grow. */
const MAX_TRIES = 5_000;
const MAX_CHARS = 64_000_000;

/** What is finished and not written back yet, oldest first; bounded, by refusing to start more calls. */
export class Unwritten {
  #tries: { tried: Tried; chars: number }[] = [];
  #chars = 0;

  get length(): number {
    return this.#tries.length;
  }

  get isFull(): boolean {
    return this.#tries.length >= MAX_TRIES || this.#chars >= MAX_CHARS;
  }

  add(tried: Tried): void {
    const chars = sizeOf(tried);
    this.#tries.push({ tried, chars });
    this.#chars += chars;
  }

  ids(): number[] {
    return this.#tries.map(({ tried }) => tried.sync.id);
  }

  /** The next to be written: at least one. They stay until {@link drop}. */
  batch(): Tried[] {
    let chars = 0;
    let count = 0;
    for (const one of this.#tries) {
      chars += one.chars;
      if (count === MAX_BATCH || (count > 0 && chars > MAX_BATCH_CHARS)) break;
      count++;
    }
    return this.#tries.slice(0, count).map(({ tried }) => tried);
  }

  /** Forgets the oldest `count`: they are written. */
  drop(count: number): void {
    for (const { chars } of this.#tries.splice(0, count)) this.#chars -= chars;
  }
}

function sizeOf({ calls, step }: Tried): number {
  let chars = 500 + (step.explanation?.length ?? 0);
  for (const { request, exchange } of calls) {
    chars +=
      500 + (request.body?.length ?? 0) + (exchange.ok ? exchange.body.length : exchange.message.length);
  }
  return chars;
}
