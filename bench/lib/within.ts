import { setTimeout as sleep } from 'node:timers/promises';

/** Rejects when it takes longer, saying what it waited for: a benchmark that hangs tells nobody why. */
export async function within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const tooLate = sleep(seconds * 1_000, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`waited ${seconds} s for ${what}`);
  });
  tooLate.catch(() => {});
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    stop.abort();
  }
}

/** Asks every `everyMs` until it is so. */
export async function until(everyMs: number, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(everyMs);
}
