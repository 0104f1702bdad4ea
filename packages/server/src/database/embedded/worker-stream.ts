import { Duplex } from 'node:stream';

const terminate = 'X'.charCodeAt(0);
const query = 'Q'.charCodeAt(0);
const sync = 'S'.charCodeAt(0);

/**
 * A CopyFail message after every statement. Postgres ignores it, unless the statement was `COPY … FROM STDIN`:
 * PGlite takes the end of what it was sent for the end of the client, and the session would be gone.
 */
const refuseCopy = copyFail('COPY FROM STDIN is not supported by the embedded database');

/**
 * The socket that a `pg.Client` believes in: what it writes goes to the database thread in one message per
 * uncorked batch, what comes back is pushed by `receive`. Ends by `destroy`, with the reason.
 */
export class WorkerStream extends Duplex {
  readonly #send: (bytes: Uint8Array<ArrayBuffer>) => void;

  constructor(send: (bytes: Uint8Array<ArrayBuffer>) => void) {
    super();
    this.#send = send;
  }

  /** What `pg` calls on a `net.Socket`. */
  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  receive(bytes: Uint8Array): void {
    this.push(Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#forward([chunk]);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#forward(chunks.map(({ chunk }) => chunk));
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  /** Copies: `pg` writes out of Node's shared buffer pool, which must not be transferred. */
  #forward(chunks: Buffer[]): void {
    const type = chunks[0]?.[0];
    if (type === terminate) return; // the session outlives the client
    const last = chunks.at(-1)?.[0];
    const parts =
      last === sync
        ? [...chunks.slice(0, -1), refuseCopy, chunks.at(-1)!]
        : last === query
          ? [...chunks, refuseCopy]
          : chunks;
    const bytes = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.byteLength;
    }
    this.#send(bytes);
  }
}

function copyFail(reason: string): Buffer {
  const text = Buffer.from(`${reason}\0`);
  const message = Buffer.alloc(5 + text.byteLength);
  message.write('f');
  message.writeInt32BE(4 + text.byteLength, 1);
  text.copy(message, 5);
  return message;
}
