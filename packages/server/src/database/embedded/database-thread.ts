import { Worker } from 'node:worker_threads';
import type { FromWorker, WorkerRequest, WorkerSettings } from './worker-protocol.ts';

/** The worker thread that runs Postgres, as seen from the main thread. */
export interface DatabaseThread {
  /** Sends whole protocol messages; the answer comes to `onBytes`. The buffer is transferred. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Replaces the receiver of protocol bytes. */
  onBytes(receive: (bytes: Uint8Array) => void): void;
  request(request: WorkerRequest): Promise<unknown>;
  /** Resolves when the thread is over, with the reason in words. Never rejects. */
  readonly ended: Promise<string>;
  terminate(): Promise<unknown>;
}

const defaultUrl = new URL('./worker.ts', import.meta.url);

/** Starts the thread; resolves when the database answers, rejects when it cannot be opened. */
export async function startThread(settings: WorkerSettings, url = defaultUrl): Promise<DatabaseThread> {
  const worker = new Worker(url, { workerData: settings, name: 'embedded-postgres' });
  const requests = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let receive: (bytes: Uint8Array) => void = () => {};
  let nextId = 1;
  let reason: string | undefined;
  let ready = () => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });

  worker.on('message', (message: FromWorker) => {
    if (message instanceof Uint8Array) return receive(message);
    if ('ready' in message) return ready();
    if ('fatal' in message) {
      reason = message.fatal;
      return;
    }
    const request = requests.get(message.reply);
    requests.delete(message.reply);
    if ('error' in message) request?.reject(new Error(message.error));
    else request?.resolve(message.value);
  });
  const ended = new Promise<string>((resolve) => {
    worker.on('error', (error) => {
      reason ??= error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => {
      reason ??= `its thread ended with code ${code}`;
      for (const { reject } of requests.values()) reject(new Error(reason));
      requests.clear();
      resolve(reason);
    });
  });

  const started = await Promise.race([isReady.then(() => true), ended.then(() => false)]);
  if (!started) throw new Error(reason);

  return {
    send: (bytes) => worker.postMessage(bytes, [bytes.buffer]),
    onBytes(receiver) {
      receive = receiver;
    },
    request(request) {
      return new Promise((resolve, reject) => {
        const id = nextId++;
        requests.set(id, { resolve, reject });
        worker.postMessage({ request, id });
      });
    },
    ended,
    terminate: () => worker.terminate(),
  };
}

/** Runs the thread's `create` task to its end: a new, empty database in `directory`, not yet flushed. */
export async function createInThread(directory: string): Promise<void> {
  const worker = new Worker(defaultUrl, {
    workerData: { task: 'create', directory } satisfies WorkerSettings,
  });
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`initdb ended with code ${code}`)),
    );
  });
}
