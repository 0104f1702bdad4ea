import type { Readable, Writable } from 'node:stream';

/**
 * What a command may touch of the outside. A command runs in the caller's own process or, when the
 * embedded database is in use, inside the running server on behalf of the caller; it cannot tell which.
 */
export interface Io {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  isTTY: { stdin: boolean; stdout: boolean };
  columns: number | undefined;
  /** Relative paths that the caller gives start here. */
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the caller goes away. */
  signal: AbortSignal;
}
