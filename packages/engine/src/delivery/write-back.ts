import { type Pool, type Queryable, type Transaction, transaction } from '../database.ts';
import { rows } from '../sql.ts';
import type { Tried } from './attempt.ts';
import { type Lane, wakeLanes } from './lanes.ts';
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
 * Writes a batch of tries back: one statement for the syncs, their attempts, and the next of each lane.
 * A sync that was cancelled, or that another worker took over meanwhile, keeps its state, and only the
 * attempt is added; a delivery counts whoever holds the lease.
 *
 * A lane's next sync is woken in the same statement. One that was inserted after the statement's
 * snapshot, while we waited for its lock, is not seen there; such lanes are returned (`unseen`) and woken
 * by a second statement.
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
  ), woken as (
    update integration_syncs n set next_attempt_at = coalesce($3::timestamptz, now())
    from written w
    where w.wakes and n.next_attempt_at is null and n.status = 'pending' and n.id = (
      select l.id from integration_syncs l
      where l.integration_id = w.integration_id and l.record_id = w.record_id and l.model = w.model
        and l.status = 'pending' and l.id <> w.id
      order by l.id limit 1)
    returning w.id
  ), logged as (
    insert into integration_attempts
      (tenant_id, sync_id, integration_id, number, started_at, duration_ms, verdict, explanation, calls, worker)
    select t.t, t.id, t.i, t.n, t.at, t.ms, t.v, t.e, t.c, $2 from tried t
  )
  select id, status, integration_id, model, record_id, wakes and id not in (select id from woken) as unseen
  from written where wakes or $4`;

interface Written {
  id: number;
  status: string;
  integration_id: number;
  model: string;
  record_id: string;
  unseen: boolean;
}

/** Returns how many lanes were woken: there is something new to claim. */
export async function writeBack(
  pool: Pool,
  worker: number,
  tried: Tried[],
  now: Date | null,
  writeOutcomes: WriteOutcomes | null,
): Promise<{ wokeLanes: boolean }> {
  const isNoted = writeOutcomes !== null && tried.some(isNoteworthy);
  if (!isNoted) {
    const written = await write(pool, worker, tried, now, false);
    const unseen = written.filter((row) => row.unseen);
    if (unseen.length > 0) await wakeLanes(pool, unseen.map(toLane), now);
    return { wokeLanes: written.length > 0 };
  }
  return transaction(pool, async (tx) => {
    const written = await write(tx, worker, tried, now, true);
    const ended = new Set(written.filter((row) => row.status !== 'pending').map((row) => row.id));
    await writeOutcomes(
      tx,
      tried.filter((one) => ended.has(one.sync.id) && isNoteworthy(one)).map(toOutcome),
    );
    const unseen = written.filter((row) => row.unseen);
    if (unseen.length > 0) await wakeLanes(tx, unseen.map(toLane), now);
    return { wokeLanes: true };
  });
}

function write(
  db: Queryable,
  worker: number,
  tried: Tried[],
  now: Date | null,
  all: boolean,
): Promise<Written[]> {
  // In id order, like every statement that locks syncs, so that no two processes wait for each other.
  const inOrder = tried.toSorted((a, b) => a.sync.id - b.sync.id);
  return rows<Written>(
    db,
    WRITE_BACK,
    [toStorableJson(inOrder.map(toRow)), worker, now, all],
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

function toLane(row: Written): Lane {
  return { integrationId: row.integration_id, model: row.model, recordId: row.record_id };
}
