import type { Dispatcher } from 'undici';
import { decodeBody } from './decode.ts';
import { describeFailure, describeTimeout, type Failure } from './failure.ts';
import type { Origin } from './origins.ts';
import type { HttpExchange } from './types.ts';

/** Shared by all calls of a client. */
export interface CallHost {
  maxBodyBytes: number;
  /** Told once, when the call has its outcome. */
  finished(call: Call): void;
}

/** How much of a body beyond the cap is read and dropped, so that the connection can be kept. */
const drainBytes = 262_144;

const unused = new Error('the call has its outcome already');

/**
 * One call on its way: undici's handler, and what becomes the {@link HttpExchange}. The hot path: one object a call,
 * and no AbortController, timer or stream of its own.
 */
export class Call implements Dispatcher.DispatchHandler {
  readonly origin: Origin;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly startedAt = performance.now();
  readonly #host: CallHost;
  readonly #resolve: (exchange: HttpExchange) => void;
  readonly #reject: (error: unknown) => void;
  #settled = false;
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #size = 0;
  #connectMs = 0;
  #firstByteAt = 0;

  constructor(
    host: CallHost,
    origin: Origin,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    resolve: (exchange: HttpExchange) => void,
    reject: (error: unknown) => void,
  ) {
    this.#host = host;
    this.origin = origin;
    this.timeoutMs = timeoutMs;
    this.signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Ends the call because its time is over. */
  expire(): void {
    this.#fail(describeTimeout(this.timeoutMs, this.#context()));
    this.#controller?.abort(unused);
  }

  /** Ends the call because this process wants to stop. */
  cancel(): void {
    const maybeReceived = this.#controller !== null;
    this.#fail({
      failure: 'aborted',
      message: 'stopped because this process is shutting down',
      maybeReceived,
    });
    this.#controller?.abort(unused);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // This process was stopped while the connection was made (a paused machine), and the connection is heard of
    // before the clock: what is sent now others may have sent long since.
    if (performance.now() - this.startedAt >= this.timeoutMs) this.expire();
    if (this.#settled) {
      controller.abort(unused);
      return;
    }
    this.#controller = controller;
    this.#connectMs = this.origin.takeConnectMs();
  }

  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return;
    this.#status = status;
    this.#firstByteAt = performance.now();
    for (const name in headers) {
      const value = headers[name];
      if (Array.isArray(value)) headers[name] = value.join(', ');
    }
    this.#headers = headers as Record<string, string>;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    const cap = this.#host.maxBodyBytes;
    const room = cap - this.#size;
    this.#size += chunk.length;
    if (room > 0) this.#chunks.push(room < chunk.length ? chunk.subarray(0, room) : chunk);
    if (this.#size > cap && this.#isTooMuchToDrain()) {
      this.#answer();
      controller.abort(unused);
    }
  }

  onResponseEnd(): void {
    this.#answer();
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#settled) return;
    if (isOwnFault(error)) {
      this.#settle();
      this.#reject(error);
      return;
    }
    this.#fail(describeFailure(error, this.#context()));
  }

  #isTooMuchToDrain(): boolean {
    const limit = this.#host.maxBodyBytes + drainBytes;
    return this.#size > limit || Number(this.#headers['content-length'] ?? 0) > limit;
  }

  #context() {
    return { where: this.origin.where, started: this.#controller !== null, status: this.#status };
  }

  #answer(): void {
    if (this.#settled) return;
    this.#settle();
    this.#resolve({
      ok: true,
      status: this.#status,
      headers: this.#headers,
      body: decodeBody(this.#chunks, this.#headers),
      truncated: this.#size > this.#host.maxBodyBytes,
      timing: this.#timing(),
    });
  }

  #fail({ failure, message, maybeReceived }: Failure): void {
    if (this.#settled) return;
    this.#settle();
    this.#resolve({ ok: false, failure, message, maybeReceived, timing: this.#timing() });
  }

  #settle(): void {
    this.#settled = true;
    this.#host.finished(this);
  }

  #timing() {
    const { startedAt } = this;
    return {
      totalMs: performance.now() - startedAt,
      connectMs: this.#connectMs,
      firstByteMs: this.#firstByteAt === 0 ? 0 : this.#firstByteAt - startedAt,
    };
  }
}

/** A request that cannot be sent at all, such as one with a line break in a header: nothing the network did. */
function isOwnFault(error: Error): boolean {
  return /^UND_ERR_(INVALID_ARG|NOT_SUPPORTED)$/.test((error as { code?: string }).code ?? '');
}
