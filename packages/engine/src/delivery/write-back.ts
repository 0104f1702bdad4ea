import { type Pool, type Queryable, type Transaction, transaction } from '../database.ts';
import { rows } from '../sql.ts';
import { type LaneRow, toLane, wakeLanes } from '../syncs/lanes.ts';
import type { Tried } from './attempt.ts';
import { toStorableJson } from './storable-json.ts';

/** What the host may write beside a sync's outcome, in the same transaction: its notes. */
export interface Outcome {
  tenantId: string;
  model: string;
  recordId: string;
  syncId: number;
  integrationName: string;
  eventType: string;
  outcome: 'synced' | 'failed';
  explanation: string | null;
}

export type WriteOutcomes = (tx: Transaction, outcomes: Outcome[]) => Promise<void>;

/**
 * Writes a batch of tries back: one statement for the syncs and their attempts. A sync that was cancelled,
 * or that another worker took over meanwhile, keeps its state, and only the attempt is added; a delivery
 * counts whoever holds the lease.
 *
 * `$5`: the batch may have been committed already, by a try whose answer was lost with the connection;
 * then attempts that are there are not added twice.
 *
 * 500 tries, generic plan: 20 ms and 8 k buffers with 1 k pending, 21 ms and 13 k with 200 k pending and 1 M finished.
 */
const WRITE_BACK = `
  with tried as (
    select * from json_to_recordset($1::json) as t(
      id bigint, n int, s text, r text, k int, d float8, e text, x text, at timestamptz, ms int, v text,
      c json, t text, i bigint)
  ), written as (
    update integration_syncs s
    set status = t.s, reason = t.r, attempts = t.n, retries = t.k, leased_by = null, leased_until = null,
        next_attempt_at = case when t.s = 'pending' then coalesce($3::timestamptz, now()) + t.d * interval '1 ms' end,
        last_error = t.e, external_id = coalesce(t.x, s.external_id),
        ended_at = case when t.s <> 'pending' then coalesce($3::timestamptz, now()) end
    from tried t
    where s.id = t.id and s.status = 'pending' and (s.leased_by = $2 or t.s = 'synced')
    returning s.id, s.status, s.followed and s.status <> 'pending' as wakes, s.integration_id, s.model, s.record_id
  ), logged as (
    insert into integration_attempts
      (tenant_id, sync_id, integration_id, number, started_at, duration_ms, verdict, explanation, calls, worker)
    select t.t, t.id, t.i, t.n, t.at, t.ms, t.v, t.e, t.c, $2 from tried t
    where not $5 or not exists (
      select 1 from integration_attempts a where a.sync_id = t.id and a.number = t.n and a.started_at = t.at)
  )
  select id, status, integration_id, model, record_id, wakes from written where wakes or $4`;

interface Written extends LaneRow {
  id: number;
  status: string;
  /** Another sync of its lane waits for this one. */
  wakes: boolean;
}

export interface WriteBackOptions {
  worker: number;
  now: Date | null;
  writeOutcomes: WriteOutcomes | null;
  /** A try to write these failed, and it is not known whether it was committed. */
  isRepeat: boolean;
}

/**
 * Returns whether lanes were woken: there is something new to claim. When it rejects, nothing or all of
 * it has been written; call it again with `isRepeat`.
 */
export async function writeBack(
  pool: Pool,
  tried: Tried[],
  options: WriteBackOptions,
): Promise<{ wokeLanes: boolean }> {
  const { now, isRepeat } = options;
  const written = await writeAndNote(pool, tried, options);
  // after the commit: see lanes.ts
  const lanes = isRepeat
    ? tried.filter(({ step }) => step.status !== 'pending').map(({ sync }) => toLane(sync))
    : written.filter((row) => row.wakes).map(toLane);
  return { wokeLanes: (await wakeLanes(pool, lanes, now)) > 0 };
}

async function writeAndNote(pool: Pool, tried: Tried[], options: WriteBackOptions): Promise<Written[]> {
  const { writeOutcomes } = options;
  if (writeOutcomes === null || !tried.some(isNoteworthy)) return write(pool, tried, options, false);
  return transaction(pool, async (tx) => {
    const written = await write(tx, tried, options, true);
    const ended = new Set(written.filter((row) => row.status !== 'pending').map((row) => row.id));
    const outcomes = tried.filter((one) => ended.has(one.sync.id) && isNoteworthy(one)).map(toOutcome);
    if (outcomes.length > 0) await writeOutcomes(tx, outcomes);
    return written;
  });
}

function write(
  db: Queryable,
  tried: Tried[],
  { worker, now, isRepeat }: WriteBackOptions,
  all: boolean,
): Promise<Written[]> {
  // In id order, like every statement that locks syncs, so that no two processes wait for each other.
  const inOrder = tried.toSorted((a, b) => a.sync.id - b.sync.id);
  return rows<Written>(
    db,
    WRITE_BACK,
    [toStorableJson(inOrder.map(toRow)), worker, now, all, isRepeat],
    'signalbox_write_back',
  );
}

/** Short keys: they are sent once a row. */
function toRow({ sync, integration, step, startedAt, durationMs, verdict, calls }: Tried) {
  return {
    id: sync.id,
    n: sync.attempts + 1,
    s: step.status,
    r: step.reason,
    k: step.retries,
    d: step.delayMs,
    e: step.explanation,
    x: step.externalId,
    at: startedAt,
    ms: durationMs,
    v: verdict,
    c: calls,
    t: sync.tenant_id,
    i: integration.id,
  };
}

function isNoteworthy({ step, integration }: Tried): boolean {
  if (step.status === 'pending' || integration.notes === 'none') return false;
  return step.status === 'failed' || integration.notes === 'all';
}

function toOutcome({ sync, integration, step }: Tried): Outcome {
  return {
    tenantId: sync.tenant_id,
    model: sync.model,
    recordId: sync.record_id,
    syncId: sync.id,
    integrationName: integration.name,
    eventType: sync.event_type,
    outcome: step.status === 'synced' ? 'synced' : 'failed',
    explanation: step.explanation,
  };
}
