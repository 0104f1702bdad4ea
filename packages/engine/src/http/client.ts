import type { HttpClient } from '../connector.ts';
import { Call, type CallHost } from './call.ts';
import { type Lookup, systemLookup } from './connector.ts';
import type { Guard } from './guard.ts';
import { type Origin, Origins } from './origins.ts';
import type { HttpExchange, HttpRequest } from './types.ts';

export interface HttpClientOptions {
  guard: Guard;
  /** Sent unless a request brings its own. */
  userAgent: string;
  /** Cap of an answer's body in bytes. Default 65,536. */
  maxBodyBytes?: number;
  /** Default: the operating system's resolver. Whatever it answers is vetted. */
  lookup?: Lookup;
  /** Connections to one origin. Default 256. */
  connections?: number;
  /** Default 10,000 ms. */
  connectTimeoutMs?: number;
  /** Origins whose connections are kept at one time. Default 512. */
  maxOrigins?: number;
  /** An origin without calls for so long is closed. Default 60,000 ms. */
  idleMs?: number;
}

/** A {@link HttpClient} that owns connections. */
export interface OwnedHttpClient extends HttpClient {
  stats(): { inFlight: number; origins: number };
  /** Ends what is in flight as `aborted` and closes every connection. Drain first. */
  close(): Promise<void>;
}

/** Default of {@link HttpRequest.timeoutMs}. */
export const defaultTimeoutMs = 15_000;

const tickMs = 100;
const maxTargets = 4096;

/** A URL that passed the guard, split as undici wants it. */
interface Target {
  origin: Origin;
  path: string;
}

/**
 * The one way out. Every URL and every address is vetted, redirects are answers, the deadline covers the body, the
 * body is read to a cap, and whatever the network does comes back as a value.
 *
 * HTTP/1.1 with kept-alive connections, one call at a time on each. `bench/http-client.ts` compares it with
 * `undici.request`.
 */
export function createHttpClient(options: HttpClientOptions): OwnedHttpClient {
  const { guard, userAgent } = options;
  const targets = new Map<string, Target>();
  const origins = new Origins(
    {
      guard,
      lookup: options.lookup ?? systemLookup,
      connections: options.connections ?? 256,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      maxOrigins: options.maxOrigins ?? 512,
      idleMs: options.idleMs ?? 60_000,
    },
    () => targets.clear(),
  );
  const inFlight = new Set<Call>();
  const watched = new WeakSet<AbortSignal>();
  const host: CallHost = { maxBodyBytes: options.maxBodyBytes ?? 65_536, finished };
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  function request(request: HttpRequest): Promise<HttpExchange> {
    const { signal } = request;
    if (closed || signal?.aborted)
      return Promise.resolve(neverSent('aborted', 'this process is shutting down'));
    const target = targets.get(request.url) ?? open(request.url);
    if (typeof target === 'string') return Promise.resolve(neverSent('refused-by-guard', target));
    return new Promise((resolve, reject) => {
      const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
      const call = new Call(host, target.origin, timeoutMs, signal, resolve, reject);
      started(call);
      target.origin.pool.dispatch(
        {
          path: target.path,
          method: request.method,
          headers: withUserAgent(request.headers),
          body: request.body,
          blocking: false,
        },
        call,
      );
    });
  }

  function open(text: string): Target | string {
    const checked = guard.checkUrl(text);
    if (!checked.ok) return checked.refusal;
    const { url } = checked;
    const target = { origin: origins.get(url), path: url.pathname + url.search };
    if (targets.size >= maxTargets) targets.clear();
    targets.set(text, target);
    return target;
  }

  function withUserAgent(headers: Record<string, string>): Record<string, string> {
    return headers['user-agent'] === undefined ? { ...headers, 'user-agent': userAgent } : headers;
  }

  function started(call: Call): void {
    inFlight.add(call);
    call.origin.inFlight++;
    if (call.signal && !watched.has(call.signal)) watch(call.signal);
    timer ??= setTimeout(tick, tickMs);
  }

  function finished(call: Call): void {
    inFlight.delete(call);
    call.origin.inFlight--;
    call.origin.usedAt = call.startedAt;
  }

  /** One timer for all deadlines; it rests while nothing is in flight. */
  function tick(): void {
    const now = performance.now();
    for (const call of inFlight) if (now - call.startedAt >= call.timeoutMs) call.expire();
    if (inFlight.size > 0) timer?.refresh();
    else timer = null;
  }

  /** One listener a signal, not one a call. */
  function watch(signal: AbortSignal): void {
    watched.add(signal);
    signal.addEventListener(
      'abort',
      () => {
        for (const call of inFlight) if (call.signal === signal) call.cancel();
      },
      { once: true },
    );
  }

  async function close(): Promise<void> {
    closed = true;
    for (const call of inFlight) call.cancel();
    if (timer) clearTimeout(timer);
    timer = null;
    await origins.close();
  }

  return { request, close, stats: () => ({ inFlight: inFlight.size, origins: origins.size }) };
}

function neverSent(failure: 'aborted' | 'refused-by-guard', message: string): HttpExchange {
  const timing = { totalMs: 0, connectMs: 0, firstByteMs: 0 };
  return { ok: false, failure, message, maybeReceived: false, timing };
}
