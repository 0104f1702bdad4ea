import type pg from 'pg';
import { EmbeddedDatabaseError } from './errors.ts';
import type { Session } from './session.ts';

/** `pg.Pool`'s face on one session: what the engine, Kysely and the migrations use. No events, no LISTEN. */
export interface EmbeddedPool {
  query: pg.Pool['query'];
  connect(): Promise<EmbeddedConnection>;
  /** Closes the database, after those who wait have had their turn. */
  end(): Promise<void>;
  /** Statements run so far: tells an idle database from a busy one. */
  readonly statements: number;
  /** Takes the session for something that is no SQL. */
  exclusively<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

export interface EmbeddedConnection {
  query: pg.ClientBase['query'];
  release(error?: Error | boolean): void;
}

export interface PoolOptions {
  /** how long a caller waits for the session, 30 s */
  acquireTimeoutMs?: number;
  /** how long `end` waits for the session before it stops the database as it is, 5 s */
  endTimeoutMs?: number;
}

interface Waiter {
  resolve(lease: Lease): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/**
 * Lends the one session to one caller at a time, first come first served. A connection keeps it until
 * `release`; one that is released inside a transaction is rolled back first, one that is released with an
 * error gets a new session.
 *
 * There is one session: `pool.query` awaited inside a transaction waits for itself. It rejects with
 * `session_busy` after `acquireTimeoutMs`.
 */
export function createSingleSessionPool(
  session: Session,
  { acquireTimeoutMs = 30_000, endTimeoutMs = 5_000 }: PoolOptions = {},
): EmbeddedPool {
  const waiters: Waiter[] = [];
  let holder: Lease | undefined;
  let statements = 0;
  let ending: Promise<void> | undefined;

  function acquire(timeoutMs = acquireTimeoutMs): Promise<Lease> {
    if (session.failure) return Promise.reject(session.failure);
    if (!holder) return Promise.resolve(lend());
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        timer: setTimeout(() => {
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(busyError(timeoutMs, holder, waiters.length + 1));
        }, timeoutMs),
      };
      waiters.push(waiter);
    });
  }

  function lend(): Lease {
    holder = new Lease(session, handBack, () => {
      statements++;
    });
    return holder;
  }

  function handBack(): void {
    holder = undefined;
    if (session.failure) {
      for (const { reject, timer } of waiters.splice(0)) {
        clearTimeout(timer);
        reject(session.failure);
      }
      return;
    }
    const next = waiters.shift();
    if (!next) return;
    clearTimeout(next.timer);
    next.resolve(lend());
  }

  async function open(): Promise<Lease> {
    if (ending) throw session.failure ?? endingError();
    return await acquire();
  }

  async function close(): Promise<void> {
    try {
      const lease = await acquire(endTimeoutMs);
      await lease.query({ text: 'checkpoint' });
      await session.close();
      lease.release();
    } catch {
      await session.terminate();
    }
    handBack();
  }

  return {
    get statements() {
      return statements;
    },
    connect: open,
    query: (async (...args: unknown[]) => {
      const lease = await open();
      try {
        return await lease.run(args);
      } finally {
        lease.release();
      }
    }) as pg.Pool['query'],
    async exclusively(work) {
      const lease = await open();
      try {
        return await work(session);
      } finally {
        lease.release();
      }
    },
    end() {
      ending ??= close();
      return ending;
    },
  };
}

/** One caller's turn with the session. */
class Lease implements EmbeddedConnection {
  readonly #session: Session;
  readonly #handBack: () => void;
  readonly #onStatement: () => void;
  readonly since = Date.now();
  lastStatement: string | undefined;
  #released = false;
  /** Settled when the queries issued so far are done, whatever their outcome. */
  #last: Promise<unknown> | undefined;

  constructor(session: Session, handBack: () => void, onStatement: () => void) {
    this.#session = session;
    this.#handBack = handBack;
    this.#onStatement = onStatement;
  }

  query = ((...args: unknown[]) => this.run(args)) as pg.ClientBase['query'];

  run(args: unknown[]): unknown {
    if (this.#released)
      return Promise.reject(new Error('This connection was released: it cannot run queries.'));
    const [statement] = args as [string | { text?: string } | pg.Submittable];
    this.lastStatement = typeof statement === 'string' ? statement : (statement as { text?: string })?.text;
    this.#onStatement();
    if (statement && typeof (statement as pg.Submittable).submit === 'function') {
      return this.#session.submit(statement as pg.Submittable);
    }
    const before = this.#last;
    const result = before ? before.then(() => this.#session.query(args)) : this.#session.query(args);
    const done = result.then(forget, forget);
    this.#last = done;
    void done.then(() => {
      if (this.#last === done) this.#last = undefined;
    });
    return result;
  }

  release(error?: Error | boolean): void {
    if (this.#released) throw new Error('Release called on a connection which has already been released.');
    this.#released = true;
    if (!error && !this.#last && !this.#session.inTransaction()) this.#handBack();
    else void this.#clean(error).then(this.#handBack);
  }

  async #clean(error: Error | boolean | undefined): Promise<void> {
    await this.#last;
    try {
      if (error) await this.#session.reset();
      else if (this.#session.inTransaction()) await this.#session.query(['rollback']);
    } catch {
      // A session that cannot roll back is of no use to the next caller.
      await this.#session.reset().catch(() => this.#session.terminate());
    }
  }
}

function forget(): void {}

function busyError(timeoutMs: number, holder: Lease | undefined, waiting: number): EmbeddedDatabaseError {
  const heldMs = Date.now() - (holder?.since ?? Date.now());
  const cause =
    heldMs < timeoutMs / 2
      ? `It has one session and more work than it can do: ${waiting} callers are waiting.`
      : 'It has one session: the usual cause is pool.query() awaited inside a transaction, which waits for itself. ' +
        `Use the transaction's own connection there. The session has been held for ${heldMs} ms, ` +
        `the holder's last statement was: ${(holder?.lastStatement ?? '(none)').trim().slice(0, 200)}`;
  return new EmbeddedDatabaseError(
    'session_busy',
    `The embedded database was not free within ${timeoutMs} ms. ${cause}`,
  );
}

function endingError(): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError('database_closed', 'The embedded database is being closed.');
}
