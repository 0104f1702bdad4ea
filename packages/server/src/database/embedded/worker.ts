import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { DurableNodeFs, durableStartParams } from './durable-fs.ts';
import { dumpSql } from './export.ts';
import type { FromWorker, ToWorker, WorkerRequest, WorkerSettings } from './worker-protocol.ts';

// The database thread. PGlite computes synchronously, so that one slow query would stop every timer and
// socket of the process; here it stops nobody but the queries behind it.

const port = parentPort!;
const settings = workerData as WorkerSettings;

/** Postgres' last words, to explain a start that failed. */
const log: string[] = [];

const chunkBytes = 64 * 1024;
const readyForQuery = 'Z'.charCodeAt(0);
const messagesWithoutAnswer = ['H', 'd', 'c', 'f'].map((type) => type.charCodeAt(0));

const database = await open();
if (settings.task === 'create') {
  await database.close();
  process.exit(0);
}
port.on('message', receive);
send({ ready: true });

async function open(): Promise<PGlite> {
  const options = {
    onStderr: (line: string) => {
      log.push(line);
      if (log.length > 20) log.shift();
      return false;
    },
  };
  try {
    if (settings.directory === null) {
      return await PGlite.create({
        ...options,
        ...(settings.loadDataDir && {
          loadDataDir: new Blob([settings.loadDataDir as Uint8Array<ArrayBuffer>]),
        }),
      });
    }
    return await PGlite.create({
      ...options,
      fs: new DurableNodeFs(settings.directory, (error) =>
        die(`the disk refused to make a write durable (${error.message})`),
      ),
      startParams: durableStartParams,
    });
  } catch (error) {
    const lastWords = log.length > 0 ? `\n${log.join('\n')}` : '';
    throw new Error(`${(error as Error).message ?? error}${lastWords}`);
  }
}

function receive(message: ToWorker): void {
  if (message instanceof Uint8Array) execute(message);
  else void answer(message.request, message.id);
}

/** Runs whole protocol messages and streams the answer back while it is produced. */
function execute(messages: Uint8Array): void {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let tail: Uint8Array = new Uint8Array(0);
  const flush = () => {
    if (pendingBytes === 0) return;
    const bytes = join(pending, pendingBytes);
    tail = bytes.slice(-6);
    send(bytes, [bytes.buffer as ArrayBuffer]);
    pending = [];
    pendingBytes = 0;
  };

  const run = database.execProtocolRawStream(messages, {
    syncToFs: false,
    onRawData(bytes) {
      pending.push(bytes.slice()); // a view into the WASM memory, overwritten by the next answer
      pendingBytes += bytes.byteLength;
      if (pendingBytes >= chunkBytes) flush();
    },
  });
  run.catch(died);
  flush();

  // PGlite swallows a trap or an exit inside Postgres and would leave the caller waiting for ever.
  const answered = tail.at(-6) === readyForQuery;
  if (!answered && !messagesWithoutAnswer.includes(lastMessageType(messages))) died();
}

async function answer(request: WorkerRequest, id: number): Promise<void> {
  try {
    const value = await perform(request);
    send({ reply: id, value });
    if (request === 'close') process.exit(0);
  } catch (error) {
    send({ reply: id, error: (error as Error).message });
  }
}

async function perform(request: WorkerRequest): Promise<unknown> {
  switch (request) {
    case 'export':
      return await dumpSql(database);
    case 'dumpDataDir':
      return new Uint8Array(await (await database.dumpDataDir('none')).arrayBuffer());
    case 'close':
      return await database.close();
  }
}

function died(): never {
  die(`Postgres ended while it ran a query (${log.at(-1) ?? 'it left no message'})`);
}

/** Ends this thread; nothing may be written after this. Committed data is recovered at the next start. */
function die(reason: string): never {
  send({ fatal: reason });
  process.exit(1);
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function join(parts: Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.byteLength;
  }
  return joined;
}

/** The type byte of the last of several protocol messages; 0 for the startup packet, which has none. */
function lastMessageType(messages: Uint8Array): number {
  if (messages[0] === 0) return 0;
  const view = new DataView(messages.buffer, messages.byteOffset, messages.byteLength);
  let type = 0;
  for (let offset = 0; offset + 5 <= messages.byteLength; offset += 1 + view.getInt32(offset + 1)) {
    type = messages[offset]!;
  }
  return type;
}
