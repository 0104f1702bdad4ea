import type pg from 'pg';

/** What maintenance needs of the pool. */
export interface MaintainedPool {
  query(statement: { text: string; values?: unknown[] }): Promise<pg.QueryResult>;
  readonly statements: number;
}

export interface MaintenanceOptions {
  pool: MaintainedPool;
  /** vacuumed and analysed in every round; names that do not exist (yet) are passed over */
  tables: readonly string[];
  /** the longest that written data goes without a round, 60 s */
  intervalMs?: number;
  /** this much written-ahead log brings the round forward, 32 MB */
  logBytes?: number;
  /** how often to look whether a round is due, 5 s */
  checkMs?: number;
  /** calls `tick` every `ms` until the returned function is called */
  every?: (tick: () => void, ms: number) => () => void;
  now?: () => number;
  onError?: (error: Error) => void;
}

export interface Maintenance {
  /** Looks once, and does a round if one is due. Resolves to what was done. */
  check(): Promise<'idle' | 'not yet' | 'done'>;
  /** Stops the timer; resolves when a round that is going on has ended. */
  stop(): Promise<void>;
}

/**
 * Does what a server's background processes would: PGlite never vacuums (a queue table grew to 698 MB) and
 * never checkpoints (recovery took 11 s with 1.3 GB of log). A round vacuums and analyses the listed tables
 * and those that autovacuum would pick, then checkpoints. One statement per turn of the session, so that
 * others get in between; nothing at all while nothing is written.
 */
export function startMaintenance({
  pool,
  tables,
  intervalMs = 60_000,
  logBytes = 32 * 1024 * 1024,
  checkMs = 5_000,
  every = everyUnref,
  now = Date.now,
  onError = () => {},
}: MaintenanceOptions): Maintenance {
  let lastRound = now();
  let lastPosition: string | undefined;
  let seenStatements = pool.statements;
  let dirty = true; // what a former process wrote is not known
  let running: Promise<'idle' | 'not yet' | 'done'> | undefined;
  let stopped = false;

  async function look(): Promise<'idle' | 'not yet' | 'done'> {
    const asked = pool.statements !== seenStatements;
    const elapsed = now() - lastRound >= intervalMs;
    if (!asked && !(dirty && elapsed)) return 'idle';
    const { position, written } = await logPosition();
    lastPosition ??= position;
    dirty ||= written > 0;
    seenStatements = pool.statements;
    if (!dirty) return 'idle';
    if (!elapsed && written < logBytes) return 'not yet';
    await round();
    dirty = false;
    lastRound = now();
    lastPosition = (await logPosition()).position;
    seenStatements = pool.statements;
    return 'done';
  }

  async function logPosition(): Promise<{ position: string; written: number }> {
    const { rows } = await pool.query({
      text: `select pg_current_wal_insert_lsn()::text as position,
        coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn), 0)::float8 as written`,
      values: [lastPosition ?? null],
    });
    return rows[0] as { position: string; written: number };
  }

  async function round(): Promise<void> {
    for (const table of await tablesToVacuum()) {
      if (stopped) return;
      await pool.query({ text: `vacuum (analyze) ${table}` });
    }
    await pool.query({ text: 'checkpoint' });
  }

  /** The thresholds of autovacuum's defaults; `::regclass::text` quotes and qualifies the names. */
  async function tablesToVacuum(): Promise<string[]> {
    await pool.query({ text: 'select pg_stat_force_next_flush()' }); // else the counts are up to a minute old
    const { rows } = await pool.query({
      text: `select c.oid::regclass::text as name
        from pg_class c left join pg_stat_user_tables s on s.relid = c.oid
        where c.relkind = 'r' and c.relpersistence <> 't' and (
          c.oid = any (select to_regclass(name) from unnest($1::text[]) name)
          or s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0)
          or s.n_ins_since_vacuum > 1000 + 0.2 * greatest(c.reltuples, 0)
          or s.n_mod_since_analyze > 50 + 0.1 * greatest(c.reltuples, 0))
        order by 1`,
      values: [tables],
    });
    return rows.map((row: { name: string }) => row.name);
  }

  async function check(): Promise<'idle' | 'not yet' | 'done'> {
    if (stopped) return 'idle';
    running ??= look().finally(() => {
      running = undefined;
    });
    return await running;
  }

  const stopTimer = every(() => {
    check().catch((error: Error & { code?: string }) => {
      if (error.code === 'database_stopped')
        stopTimer(); // told to others already, and there is no way back
      else if (!stopped) onError(error);
    });
  }, checkMs);

  return {
    check,
    async stop() {
      stopped = true;
      stopTimer();
      await running?.catch(() => {});
    },
  };
}

function everyUnref(tick: () => void, ms: number): () => void {
  const timer = setInterval(tick, ms);
  timer.unref();
  return () => clearInterval(timer);
}
