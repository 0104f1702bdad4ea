import type { Io } from '../cli/io.ts';

/** The few things of the operating system's process that a long-running command needs. */
export interface HostProcess {
  /** SIGTERM and SIGINT. Returns what stops listening. */
  onStopSignal(listener: (signal: string) => void): () => void;
  /** Errors that nobody caught. */
  onUncaught(listener: (error: unknown) => void): () => void;
  /** Ends at once. */
  exit(code: number): void;
  /** Whether keys arrive as they are pressed. */
  setRawInput(raw: boolean): void;
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export const thisProcess: HostProcess = {
  onStopSignal(listener) {
    for (const signal of STOP_SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of STOP_SIGNALS) process.off(signal, listener);
    };
  },
  onUncaught(listener) {
    process.on('uncaughtException', listener);
    process.on('unhandledRejection', listener);
    return () => {
      process.off('uncaughtException', listener);
      process.off('unhandledRejection', listener);
    };
  },
  exit: (code) => process.exit(code),
  setRawInput(raw) {
    if (process.stdin.isTTY) process.stdin.setRawMode(raw);
  },
};

/** This process's own streams and environment. `signal` is never aborted: Ctrl-C ends the process. */
export function processIo(): Io {
  // Whoever reads our output (head, less) may have seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    isTTY: { stdin: process.stdin.isTTY === true, stdout: process.stdout.isTTY === true },
    columns: process.stdout.columns,
    cwd: process.cwd(),
    env: process.env,
    signal: new AbortController().signal,
  };
}

const LINGER_MS = 2_000;

/**
 * Ends by running out of work, so that everything written to a pipe gets there. What still holds on after
 * two seconds (a connection that nobody closes) is cut off.
 */
export function endProcess(code: number): void {
  process.exitCode = code;
  process.stdin.destroy();
  setTimeout(() => process.exit(code), LINGER_MS).unref();
}
