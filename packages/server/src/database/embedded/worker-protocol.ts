/** What the database thread is started with. */
export interface WorkerSettings {
  /** `serve`: answer until told to close. `create`: make a new database in `directory`, then end. */
  task: 'serve' | 'create';
  /** the Postgres data directory itself; null keeps everything in memory */
  directory: string | null;
  /** a tarball of a data directory to start from (in memory only) */
  loadDataDir?: Uint8Array;
}

export type WorkerRequest = 'export' | 'dumpDataDir' | 'close';

/** Postgres protocol bytes as they are, or a request that is no SQL. */
export type ToWorker = Uint8Array | { request: WorkerRequest; id: number };

export type FromWorker =
  | Uint8Array
  | { ready: true }
  | { reply: number; value: unknown }
  | { reply: number; error: string }
  | { fatal: string };
