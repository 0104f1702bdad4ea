import { Pool } from 'undici';
import { createConnector, type Lookup } from './connector.ts';
import type { Guard } from './guard.ts';

export interface OriginOptions {
  guard: Guard;
  lookup: Lookup;
  /** Connections to one origin. */
  connections: number;
  connectTimeoutMs: number;
  /** Origins whose connections are kept. */
  maxOrigins: number;
  /** Idle connections of an origin close after this. */
  idleMs: number;
}

/** One `scheme://host:port` and its kept-alive connections. */
export class Origin {
  readonly name: string;
  /** `host:port`, for messages. */
  readonly where: string;
  readonly pool: Pool;
  inFlight = 0;
  usedAt = 0;
  #connectMs = 0;

  constructor(url: URL, options: OriginOptions) {
    this.name = url.origin;
    this.where = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
    this.pool = new Pool(url.origin, {
      connections: options.connections,
      connect: createConnector(url, options, (connectMs, use) => {
        // undici hands the connection to the first waiting call before `use` returns: that call paid for it.
        this.#connectMs = connectMs;
        use();
        this.#connectMs = 0;
      }),
      allowH2: false,
      pipelining: 1,
      // The call's own deadline covers both.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** What the connection that was just opened cost, once; 0 on a kept-alive one. */
  takeConnectMs(): number {
    const taken = this.#connectMs;
    this.#connectMs = 0;
    return taken;
  }
}

/** The open origins: bounded, the longest unused go first; what is in flight is never closed. */
export class Origins {
  readonly #options: OriginOptions;
  readonly #open = new Map<string, Origin>();
  readonly #onClose: () => void;
  readonly #timer: NodeJS.Timeout;

  /** `onClose` is told when an origin went, so that nobody keeps it. */
  constructor(options: OriginOptions, onClose: () => void) {
    this.#options = options;
    this.#onClose = onClose;
    this.#timer = setInterval(() => this.#closeIdle(), Math.max(1000, options.idleMs / 2)).unref();
  }

  get size(): number {
    return this.#open.size;
  }

  get(url: URL): Origin {
    const known = this.#open.get(url.origin);
    if (known) return known;
    if (this.#open.size >= this.#options.maxOrigins) this.#closeOldest();
    const origin = new Origin(url, this.#options);
    origin.usedAt = performance.now();
    this.#open.set(url.origin, origin);
    return origin;
  }

  /** Closes every connection; calls still in flight are ended. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const pools = [...this.#open.values()].map((origin) => origin.pool.destroy());
    this.#open.clear();
    this.#onClose();
    await Promise.all(pools);
  }

  #closeIdle(): void {
    const limit = performance.now() - this.#options.idleMs;
    for (const origin of this.#open.values()) {
      if (origin.inFlight === 0 && origin.usedAt < limit) this.#close(origin);
    }
  }

  #closeOldest(): void {
    let oldest: Origin | null = null;
    for (const origin of this.#open.values()) {
      if (origin.inFlight === 0 && (oldest === null || origin.usedAt < oldest.usedAt)) oldest = origin;
    }
    if (oldest) this.#close(oldest);
  }

  #close(origin: Origin): void {
    this.#open.delete(origin.name);
    this.#onClose();
    origin.pool.close().catch(() => {});
  }
}
