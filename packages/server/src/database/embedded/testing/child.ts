import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

export interface Child {
  process: ChildProcess;
  /** everything it has printed, line by line */
  lines: string[];
  /** Resolves with the next line; rejects when the process ends instead. */
  nextLine(): Promise<string>;
  kill9(): Promise<void>;
}

/** Runs a file of this folder in another process; killed after the test. */
export function startChild(file: string, ...args: string[]): Child {
  const child = spawn(process.execPath, [new URL(file, import.meta.url).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const exited = once(child, 'exit');
  const closed = once(reader, 'close');
  const kill9 = async () => {
    child.kill('SIGKILL');
    await exited;
    await closed;
  };
  onTestFinished(kill9);
  return {
    process: child,
    lines,
    kill9,
    async nextLine() {
      const ended = closed.then(() => {
        throw new Error(`${file} ended without another line`);
      });
      const [line] = await Promise.race([once(reader, 'line'), ended]);
      return line as string;
    },
  };
}
