import pg from 'pg';
import { type SenderProcess, startSenderProcess } from '../senders/sender.ts';
import type { Backlog } from './fixtures.ts';
import { fillBacklog, prepareTemplate } from './fixtures.ts';
import type { Meter } from './measure.ts';
import type { Postgres, RedisServer } from './servers.ts';
import type { Sink } from './sink.ts';
import type { Row } from './table.ts';

export interface Suite {
  name: string;
  /** Yields rows as they are measured, so that what was measured before a failure is shown. */
  run(context: Context): AsyncGenerator<Omit<Row, 'suite'>>;
}

/** A database of one measurement. */
export interface Database {
  url: string;
  pool: pg.Pool;
  drop(): Promise<void>;
}

/** What every suite works with. */
export interface Context {
  isQuick: boolean;
  /** Chooses a size or a number of rounds by mode. */
  size<T>(quick: T, full: T): T;
  postgres: Postgres;
  redis: RedisServer | null;
  sink: Sink;
  meter: Meter;
  /** 1 KB, as dispatch builds it. */
  payload: string;
  /** Raw `undici.request`s a second, once it was measured. */
  rawRates: number[];
  /** The process of this name, started when it is first asked for and kept, so that its code is warm. */
  sender(name: string): Promise<SenderProcess>;
  /** Ends those processes; they are started anew when asked for. */
  endSenders(): Promise<void>;
  /** A copy of the template: migrated, ten tenants with one integration each, nothing waiting. */
  database(): Promise<Database>;
  /** A copy of the template with a backlog. Those of up to 100,000 are made once and copied. */
  withBacklog(backlog: Omit<Backlog, 'payload'>): Promise<Database>;
  /** Empty, or a copy of what `prepare` made the first time it was asked for by this name. */
  prepared(name: string, prepare: (pool: pg.Pool, url: string) => Promise<void>): Promise<Database>;
}

/** Larger backlogs are not kept to be copied: the copy would take as long, and the disk is not ours alone. */
const LARGEST_KEPT = 100_000;

export interface ContextOptions {
  isQuick: boolean;
  postgres: Postgres;
  redis: RedisServer | null;
  sink: Sink;
  meter: Meter;
}

export async function createContext(options: ContextOptions): Promise<Context> {
  const { postgres, isQuick, sink } = options;
  const prepared = new Map<string, string>();
  const senders = new Map<string, SenderProcess>();
  const template = await postgres.create();
  const pool = openPool(template);
  const payload = await prepareTemplate(pool, sink);
  await pool.end();

  async function make(
    name: string,
    from: string | undefined,
    prepare: (pool: pg.Pool, url: string) => Promise<void>,
  ) {
    let url = prepared.get(name);
    if (!url) {
      url = await postgres.create(from);
      const pool = openPool(url);
      await prepare(pool, url);
      await pool.end();
      prepared.set(name, url);
    }
    return copy(url);
  }

  async function makeOnce(
    _name: string,
    from: string | undefined,
    prepare: (pool: pg.Pool, url: string) => Promise<void>,
  ) {
    const database = await copy(from);
    await prepare(database.pool, database.url);
    await database.pool.query('checkpoint');
    return database;
  }

  async function copy(from: string | undefined): Promise<Database> {
    const url = await postgres.create(from);
    const pool = openPool(url);
    await pool.query('checkpoint');
    return {
      url,
      pool,
      async drop() {
        await pool.end();
        await postgres.drop(url);
      },
    };
  }

  return {
    ...options,
    payload,
    rawRates: [],
    size: (quick, full) => (isQuick ? quick : full),
    async sender(name) {
      const sender = senders.get(name) ?? (await startSenderProcess());
      senders.set(name, sender);
      return sender;
    },
    async endSenders() {
      const ending = [...senders.values()];
      senders.clear();
      await Promise.all(ending.map((sender) => sender.close()));
    },
    database: () => copy(template),
    withBacklog: (backlog) =>
      (backlog.pending + (backlog.finished ?? 0) > LARGEST_KEPT ? makeOnce : make)(
        `backlog ${JSON.stringify(backlog)}`,
        template,
        (pool) => fillBacklog(pool, { ...backlog, payload }),
      ),
    prepared: (name, prepare) => make(name, undefined, prepare),
  };
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => {});
  return pool;
}
