import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresOptions {
  /** most connections this process holds, 10 */
  max?: number;
  /** shown in `pg_stat_activity` */
  applicationName?: string;
  /** how long to wait for a server that is still starting, 10 s */
  startupMs?: number;
  /** an idle connection broke; the pool replaces it by itself */
  onIdleError?: (error: Error) => void;
}

export interface PostgresDatabase {
  pool: pg.Pool;
  close(): Promise<void>;
}

/** The server could not be reached or refused us; the message says where it was and what to look at. */
export class PostgresUnreachableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PostgresUnreachableError';
  }
}

/**
 * Connects to a Postgres server and proves it with one query. Rejects with
 * {@link PostgresUnreachableError}; the password never appears in it. Transactions that sit idle for ten
 * seconds are ended by the server: a worker that was stopped in the middle of one (a paused machine) would keep
 * its locks, and nobody could dispatch until it goes on.
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<PostgresDatabase> {
  const { max = 10, applicationName = 'signalbox', startupMs = 10_000, onIdleError = () => {} } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    idle_in_transaction_session_timeout: 10_000,
  });
  // Without listeners a restart of the server would end the process: of the pool for idle connections, of
  // each connection for the time it is lent out, when its next statement rejects anyway.
  pool.on('error', (error) => {
    delete (error as { client?: unknown }).client; // the whole connection with its keys: nothing for a log
    onIdleError(error);
  });
  pool.on('connect', (client) => client.on('error', () => {}));

  try {
    await firstQuery(pool, Date.now() + startupMs);
  } catch (error) {
    await pool.end();
    throw unreachable(url, error as NodeJS.ErrnoException);
  }
  let closed: Promise<void> | undefined;
  return {
    pool,
    close() {
      closed ??= pool.end();
      return closed;
    },
  };
}

async function firstQuery(pool: pg.Pool, deadline: number): Promise<void> {
  for (;;) {
    try {
      await pool.query('select 1');
      return;
    } catch (error) {
      if (!isStarting(error as NodeJS.ErrnoException) || Date.now() + 500 > deadline) throw error;
      await sleep(500);
    }
  }
}

/** Refused connections and "the database system is starting up" (57P03): normal for a moment after boot. */
function isStarting({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNREFUSED' || code === '57P03';
}

const advice: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there: is the server running, and is the port right?',
  ENOTFOUND: 'the host name does not exist: check it in DATABASE_URL.',
  EAI_AGAIN: 'the host name could not be looked up: check the network and DNS.',
  ETIMEDOUT: 'it did not answer: check the address and firewalls.',
  ENOENT: 'there is no such unix socket: is the server running, and is the directory right?',
  '28P01': 'the password is wrong.',
  '28000': 'the server does not let this user in from here: check pg_hba.conf and whether it wants TLS.',
  '3D000': 'there is no such database: create it, or correct its name in DATABASE_URL.',
  '53300': 'the server has no free connections.',
  '57P03': 'it is still starting up.',
};

function unreachable(url: string, error: NodeJS.ErrnoException): PostgresUnreachableError {
  // Node tries every address of a name and reports them together.
  const code = error.code ?? (error as { errors?: NodeJS.ErrnoException[] }).errors?.[0]?.code ?? '';
  const why = advice[code] ?? error.message;
  return new PostgresUnreachableError(
    `Cannot use the Postgres server at ${describe(url)}: ${why}${code ? ` (${code})` : ''}`,
    { cause: error },
  );
}

/** The URL without its password and parameters. */
function describe(url: string): string {
  try {
    const { username, host, pathname } = new URL(url);
    return `${username ? `${username}@` : ''}${host}${pathname}`;
  } catch {
    return '(DATABASE_URL is no URL)';
  }
}
