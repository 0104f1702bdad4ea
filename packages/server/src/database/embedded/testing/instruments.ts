import { setEnvironmentData } from 'node:worker_threads';

/** What the instrumented worker shares with the test. */
export interface Instruments {
  counters: SharedArrayBuffer;
  /** replace the durable file system by PGlite's own */
  plainFileSystem: boolean;
}

export const instrumentedWorker = new URL('./instrumented-worker.ts', import.meta.url);

/** To be called before a database is opened with `workerUrl: instrumentedWorker`. */
export function instrument({ plainFileSystem = false } = {}) {
  const counters = new SharedArrayBuffer(8);
  const cells = new Int32Array(counters);
  setEnvironmentData('instruments', { counters, plainFileSystem } satisfies Instruments);
  return {
    fsyncs: () => Atomics.load(cells, 0),
    failFsync: () => Atomics.store(cells, 1, 1),
  };
}
