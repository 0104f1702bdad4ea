/** One call a connector makes. Bodies are text: what is signed is what is sent. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body?: string;
  /** Whole call, body included. Default 15,000 ms, kept to within 100 ms. */
  timeoutMs?: number;
  /** Ends the call as `aborted`. Pass the one long-lived signal of the process: one listener serves all calls. */
  signal?: AbortSignal;
}

/** What came of a call. Always a value: a refused connection is an outcome, not an exception. */
export type HttpExchange = HttpAnswer | HttpFailure;

export interface HttpAnswer {
  ok: true;
  status: number;
  /** Names in lower case; a header that came several times is joined with `, `. */
  headers: Record<string, string>;
  /** Decoded text, cut at the client's cap (64 KiB); holds no NUL, so that Postgres can store it. */
  body: string;
  truncated: boolean;
  timing: HttpTiming;
}

export interface HttpFailure {
  ok: false;
  /**
   * - `refused-by-guard`  the URL resolves to an address that may not be called, or is no URL at all
   * - `dns`, `connect`, `tls`  nothing was sent (a call that got no connection in time is `connect`)
   * - `timeout`, `reset`, `protocol`  the request may have been received
   * - `aborted`  this process is shutting down
   */
  failure: 'refused-by-guard' | 'dns' | 'connect' | 'tls' | 'timeout' | 'reset' | 'protocol' | 'aborted';
  /** In plain words, without secrets. */
  message: string;
  /** Whether the destination may have acted on the request. */
  maybeReceived: boolean;
  timing: HttpTiming;
}

/** Milliseconds. `connectMs` is 0 on a kept-alive connection. */
export interface HttpTiming {
  totalMs: number;
  connectMs: number;
  firstByteMs: number;
}
