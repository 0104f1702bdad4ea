import { type ChildProcess, fork } from 'node:child_process';

/**
 * Calls into another process of the benchmark: what is measured has its own, so that its CPU is its own.
 * The handlers' type is the contract; arguments and results travel as structured clones.
 */
export type Handlers = Record<string, (...args: never[]) => unknown>;

export interface Remote<H extends Handlers> {
  readonly pid: number;
  call<Name extends keyof H & string>(
    name: Name,
    ...args: Parameters<H[Name]>
  ): Promise<Awaited<ReturnType<H[Name]>>>;
  close(): Promise<void>;
}

interface Call {
  id: number;
  name: string;
  args: never[];
}

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** In the other process: answers calls until the one that started it goes away. */
export function serve(handlers: Handlers): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ id, name, args }: Call) => {
    const answer: Answer = { id };
    try {
      answer.result = await handlers[name]!(...args);
    } catch (error) {
      answer.error = (error as Error).stack ?? String(error);
    }
    if (process.connected) process.send!(answer);
  });
  process.send!({ id: 0 });
}

/** Starts `file`, which must call {@link serve}, and waits until it does. */
export async function startRemote<H extends Handlers>(file: URL): Promise<Remote<H>> {
  const child = fork(file, { serialization: 'advanced' });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  const expect = (id: number) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
    });
  const ready = expect(0);

  child.on('message', ({ id, result, error }: Answer) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) caller?.resolve(result);
    else caller?.reject(new Error(error));
  });
  child.on('exit', (code, signal) => {
    const error = new Error(`${file.pathname} ended by itself (${signal ?? `exit code ${code}`})`);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  await ready;

  return {
    pid: child.pid!,
    call(name, ...args) {
      const id = ++lastId;
      const answer = expect(id);
      child.send({ id, name, args } satisfies Call);
      return answer as Promise<never>;
    },
    close: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await exited;
  clearTimeout(timer);
}
