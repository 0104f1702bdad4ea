import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '@signalbox/engine';
import pg from 'pg';
import { openEmbedded } from '../../packages/server/src/database/embedded/index.ts';
import { type PostgresServer, startPostgresServer } from '../kit/postgres-server.ts';
import { type Arrival, startRecorder } from './arrivals.ts';
import { type BadReceiver, type Manner, startBadReceiver } from './bad-receiver.ts';
import { type Checker, type Committed, type Counts, createChecker, type Injury, passed } from './check.ts';
import {
  carryOut,
  createDeck,
  EMBEDDED_FAULTS,
  FAULTS,
  type Fault,
  type Step,
  type World,
} from './faults.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { prepareHost, readJournal, type Shop } from './host.ts';
import { type LoadJournal, startLoad } from './load.ts';
import { createRandom, hash, type Random } from './random.ts';

export interface RoundsOptions {
  seed: number;
  rounds: number;
  database: 'postgres' | 'embedded';
  /** What may happen. Default: everything that the database's kind allows. */
  faults?: readonly Fault[];
  /** Faults a round. Default: 2 to 4, embedded 2. */
  faultsPerRound?: number;
  /** Also told of the fresh database, before the program starts; for a server only. */
  onServer?(pool: pg.Pool): Promise<void>;
  /** Ends the run early: what was started is stopped and removed, then it rejects. */
  signal?: AbortSignal;
  /** Called after every round. */
  onRound?(report: RoundReport): void;
}

export interface RoundReport {
  round: number;
  faults: string[];
  counts: Counts;
  /** Writes that were rolled back on purpose or refused. */
  rolledBack: number;
  /** Of these, what Postgres refused for want of room. */
  refused: number;
  /** Writes whose outcome the writer never learned. */
  unknown: number;
  /** From the end of the load until everything had arrived. */
  settledMs: number;
  problems: string[];
  ok: boolean;
}

const SLOTS = 32;
const TENANTS = 3;
/** Without anything new arriving: longer than two leases (30 s), so that what waits for one is not called lost. */
const SETTLE_MS = 75_000;
const QUIET_MS = 300;
const WARM_WRITES = 20;
const WARM_MS = 15_000;

/**
 * Runs rounds against the real program: load, faults at random moments, then the judgement. Everything
 * that happens is decided by `seed`; when exactly, the machine decides.
 */
export async function runRounds(options: RoundsOptions): Promise<RoundReport[]> {
  const cleanUp: (() => Promise<unknown>)[] = [];
  try {
    const stop = interrupted(options.signal);
    stop.catch(() => {}); // also when nothing races it just then
    const run = await setUp(options, cleanUp);
    const reports: RoundReport[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const report = await Promise.race([runRound(round, run, options), stop]);
      reports.push(report);
      options.onRound?.(report);
    }
    return reports;
  } finally {
    for (const step of cleanUp.toReversed()) await step();
  }
}

function interrupted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error('interrupted'));
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end, { once: true });
  });
}

interface Run {
  random: Random;
  deal(count: number): Step[];
  fleet: Fleet;
  server: PostgresServer | null;
  databaseUrl?: string;
  shops: Shop[];
  checker: Checker;
  arrivals: Arrival[];
  open(): number;
  /** Runs `work` with the database; on the embedded one that needs the program to end first. */
  withDatabase<T>(work: (db: Pick<Pool, 'query'>) => Promise<T>): Promise<T>;
  journalRead: number;
  complaints: string[];
}

async function setUp(options: RoundsOptions, cleanUp: (() => Promise<unknown>)[]): Promise<Run> {
  const random = createRandom(options.seed);
  const arrivals: Arrival[] = [];
  const recorder = await startRecorder({ arrivals, latencyMs: latencies(random.fork('latency')) });
  cleanUp.push(() => recorder.close());
  const bad = await startBadReceiver({ arrivals, manner: mannerBy(options.seed) });
  cleanUp.push(() => bad.close());
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'signalbox-faults-'));
  cleanUp.push(async () => fs.rmSync(directory, { recursive: true, force: true }));

  const database =
    options.database === 'postgres'
      ? await openServer(options, recorder.url, bad, cleanUp)
      : await makeEmbedded(directory, recorder.url);
  const fleet = await createFleet({ databaseUrl: database.databaseUrl, directory, slots: SLOTS });
  cleanUp.push(() => fleet.close());
  await Promise.all(fleet.members.map((one) => one.start()));
  return {
    ...database,
    random,
    deal: createDeck(
      random.fork('faults'),
      options.faults ?? (options.database === 'postgres' ? FAULTS : EMBEDDED_FAULTS),
    ),
    fleet,
    arrivals,
    open: () => recorder.open,
    checker: createChecker({ subscriptions: database.subscriptions, slots: SLOTS }),
    withDatabase: (work) => database.withDatabase(work, fleet),
    journalRead: 0,
    complaints: [],
  };
}

async function openServer(
  options: RoundsOptions,
  url: (path: string) => string,
  bad: BadReceiver,
  cleanUp: (() => Promise<unknown>)[],
) {
  const server = await startPostgresServer();
  cleanUp.push(() => server.stop());
  const pool = new pg.Pool({ connectionString: server.url, application_name: 'load', max: 4 });
  pool.on('error', () => {});
  cleanUp.push(() => pool.end());
  const host = await prepareHost(pool as unknown as Pool, { tenants: TENANTS, url, badUrl: bad.url });
  await options.onServer?.(pool);
  return {
    ...host,
    server,
    databaseUrl: server.url,
    withDatabase: <T>(work: (db: Pick<Pool, 'query'>) => Promise<T>, _: Fleet) =>
      work(pool as unknown as Pool),
  };
}

async function makeEmbedded(directory: string, url: (path: string) => string) {
  const opened = await openEmbedded({ directory, maintenance: false });
  const host = await prepareHost(opened.pool as unknown as Pool, { tenants: TENANTS, url });
  await opened.close();
  return {
    ...host,
    server: null,
    databaseUrl: undefined,
    async withDatabase<T>(work: (db: Pick<Pool, 'query'>) => Promise<T>, fleet: Fleet) {
      const code = await fleet.members[0]!.end('SIGTERM');
      if (code !== 0) throw new Error(`the one process ended with ${code} after SIGTERM, expected 0`);
      const database = await openEmbedded({ directory, maintenance: false });
      try {
        return await work(database.pool as unknown as Pool);
      } finally {
        await database.close();
        void fleet.members[0]!.start();
      }
    },
  };
}

async function runRound(round: number, run: Run, options: RoundsOptions): Promise<RoundReport> {
  const { fleet, server, arrivals, checker, complaints } = run;
  const random = run.random.fork(`round ${round}`);
  const plan = run.deal(options.faultsPerRound ?? (server ? random.between(2, 4) : 2));
  const world: World = {
    fleet,
    server,
    complain: (problem) => complaints.push(problem),
    sql: (text) => run.withDatabase(async (db) => void (await db.query({ text }))),
  };

  const load = startLoad({
    origin: fleet.origin,
    shops: run.shops,
    databaseUrl: run.databaseUrl,
    random: random.fork('load'),
    name: `${round}`,
    writers: { rest: 6, sql: 6 },
    pauseMs: 30,
  });
  const injuries: Injury[] = [];
  for (const step of plan) {
    // Each finds a system at work, also after one that took a while to recover from.
    await load.warm(WARM_WRITES, WARM_MS);
    await sleep(step.afterMs);
    injuries.push(await carryOut(step, world, random.fork(`fault ${injuries.length}`)));
  }
  await sleep(random.between(100, 500));
  await load.stop();

  const began = performance.now();
  await Promise.all(fleet.members.map((one) => one.start()));
  const { committed, last } = await run.withDatabase((db) => readJournal(db, run.journalRead));
  run.journalRead = last;
  await settle(run, committed);
  const settledMs = performance.now() - began;
  await quiet(run);

  const { counts, problems, suspects } = checker.round(committed, arrivals.splice(0), injuries);
  problems.push(...complaints.splice(0), ...fleet.collapsed.splice(0));
  problems.push(...compare(load.journal, committed));
  if (suspects.length > 0) problems.push(...(await run.withDatabase((db) => explainTries(db, suspects))));
  if (counts.lost > 0) problems.push(...(await run.withDatabase(explainLost)));
  return {
    round,
    faults: injuries.map((injury) => injury.name),
    counts,
    rolledBack: load.journal.rolledBack.length,
    refused: load.journal.refused,
    unknown: load.journal.unknown,
    settledMs,
    problems,
    ok: problems.length === 0 && passed(counts),
  };
}

/** Until everything that is committed has arrived, or nothing has arrived for long enough. */
async function settle({ checker, arrivals }: Run, committed: Committed[]): Promise<void> {
  let fewest = Number.POSITIVE_INFINITY;
  let progressAt = performance.now();
  for (;;) {
    const missing = checker.missing(committed, arrivals).length;
    if (missing === 0) return;
    if (missing < fewest) progressAt = performance.now();
    fewest = Math.min(fewest, missing);
    if (performance.now() - progressAt > SETTLE_MS) return;
    await sleep(100);
  }
}

/** Until nothing arrives any more, so that what should not come has had its chance. */
async function quiet({ arrivals, open }: Run): Promise<void> {
  let seen = -1;
  while (seen !== arrivals.length || open() > 0) {
    seen = arrivals.length;
    await sleep(QUIET_MS);
  }
}

/** What the writers were told against what the database kept. */
function compare(journal: LoadJournal, committed: readonly Committed[]): string[] {
  const kept = new Set(
    committed.map((line) => `${line.model} ${line.recordId} v${line.version} ${line.token}`),
  );
  const tokens = new Set(committed.map((line) => line.token));
  const forgotten = journal.acknowledged.filter(
    (line) => !kept.has(`${line.model} ${line.recordId} v${line.version} ${line.token}`),
  );
  const undead = journal.rolledBack.filter((token) => tokens.has(token));
  return [
    ...forgotten.slice(0, 3).map(({ token }) => `acknowledged, but not in the database: write ${token}`),
    ...undead.slice(0, 3).map((token) => `rolled back, but in the database: write ${token}`),
  ];
}

/** For whoever looks for the reason; the judgement is passed without it. */
async function explainLost(db: Pick<Pool, 'query'>): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>({
    text: `select concat_ws(' ', 'waiting:', s.id, s.event_type, s.model, s.record_id, s.status, s.reason, 'attempts', s.attempts,
             'due', s.next_attempt_at - now(), 'lease', s.leased_by, s.leased_until - now(), 'followed', s.followed,
             'workers', (select string_agg(w.id || ':' || (w.stats::text), ' ') from integration_workers w)) as line
           from integration_syncs s where s.status = 'pending' or s.status = 'failed' order by s.id limit 8`,
  });
  return rows.map((row) => row.line);
}

async function explainTries(db: Pick<Pool, 'query'>, eventIds: string[]): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>({
    text: `select concat_ws(' ', 'tries of', i.name, s.event_type, s.record_id, 'sync', s.id, string_agg(
             a.number || ' by ' || a.worker || ' at ' || to_char(a.started_at, 'MI:SS.MS') || ' ' || a.verdict || ' in ' || a.duration_ms || ' ms',
             '; ' order by a.id), 'ended', to_char(s.ended_at, 'MI:SS.MS'), 'attempts', s.attempts) as line
           from integration_syncs s join tenant_integrations i on i.id = s.integration_id
           left join integration_attempts a on a.sync_id = s.id
           where s.event_id = any($1::uuid[]) group by s.id, i.name`,
    values: [eventIds],
  });
  return rows.map((row) => row.line);
}

function latencies(random: Random): () => number {
  return () => (random.chance(0.1) ? random.between(20, 120) : random.between(0, 12));
}

/** One in twelve first tries meets a bad manner; which one, the event's id decides. */
const ROUGH: readonly Manner[] = [
  'hang',
  'drip',
  'reset',
  'close',
  'huge',
  'garbage',
  'short-length',
  'long-length',
  'error',
];

function mannerBy(seed: number) {
  return ({ eventId }: Arrival, times: number): Manner => {
    const drawn = hash(`${seed}${eventId}`);
    return times === 0 && drawn % 12 === 0 ? ROUGH[(drawn >>> 8) % ROUGH.length]! : 'ok';
  };
}
