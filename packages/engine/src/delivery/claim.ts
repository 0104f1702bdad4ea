import type { Queryable } from '../database.ts';
import { affected, rows } from '../sql.ts';

/** A due sync with a lease on it: for as long as the lease lasts, no other worker takes it. */
export interface ClaimedSync {
  id: number;
  tenant_id: string;
  integration_id: number;
  /** The integration's version at the time of the claim. */
  version: number;
  event_id: string;
  event_type: string;
  model: string;
  record_id: string;
  attempts: number;
  retries: number;
  payload: string;
}

export interface ClaimRequest {
  worker: number;
  leaseMs: number;
  /** At most this many in all. */
  limit: number;
  /** How many each integration may get at most; those not named get `otherRoom`. */
  room: Map<number, number>;
  otherRoom: number;
  now: Date | null;
}

/**
 * THE HOT QUERY. Walks the partial index `integration_syncs_due` per integration, in due order, so that
 * a backlog of one integration costs the others nothing and the cost is the same at 1 k and 1 M pending.
 *
 * - `waiting` hops from one integration with pending syncs to the next: one index probe each.
 * - `status = 'pending'` is a literal, because a bound value loses the partial index in a generic plan.
 * - Rows come round-robin over the integrations (`turn`), so that `limit` cuts all of them alike.
 * - The lease is no indexed column: the update stays heap-only (fillfactor 60).
 * - Syncs of integrations that are paused or off stay where they are: parked.
 *
 * 500 of 20 integrations, generic plan: 13 ms and 7.8 k buffers with 1 k pending, 13 ms and 11.7 k with 200 k
 * pending and 1 M finished (docs/decisions/0004-claim.md).
 */
const CLAIM = `
  with recursive waiting(id) as (
    (select integration_id from integration_syncs
     where status = 'pending' and next_attempt_at is not null order by integration_id limit 1)
    union all
    select (select s.integration_id from integration_syncs s
            where s.status = 'pending' and s.next_attempt_at is not null and s.integration_id > waiting.id
            order by s.integration_id limit 1)
    from waiting where waiting.id is not null
  ), open as (
    select i.id, i.version, coalesce(r.room, $6) as room
    from waiting join tenant_integrations i on i.id = waiting.id
    left join unnest($4::bigint[], $5::int[]) as r(id, room) on r.id = i.id
    where i.is_active and i.paused_at is null and i.deleted_at is null and coalesce(r.room, $6) > 0
  ), due as (
    select s.id, open.version, row_number() over (partition by open.id order by s.next_attempt_at, s.id) as turn
    from open cross join lateral (
      select id, next_attempt_at from integration_syncs
      where integration_id = open.id and status = 'pending' and next_attempt_at <= coalesce($7::timestamptz, now())
        and (leased_until is null or leased_until <= coalesce($7::timestamptz, now()))
      order by next_attempt_at, id limit open.room for update skip locked) s
    order by turn limit $3
  )
  update integration_syncs s
  set leased_by = $1, leased_until = coalesce($7::timestamptz, now()) + $2 * interval '1 ms'
  from due, integration_events e
  where s.id = due.id and e.id = s.event_id
  returning s.id, s.tenant_id, s.integration_id, due.version, s.event_id, s.event_type, s.model, s.record_id,
            s.attempts, s.retries, coalesce(s.payload, e.payload) as payload`;

/** Claims what is due, oldest first within an integration. */
export async function claimDue(db: Queryable, request: ClaimRequest): Promise<ClaimedSync[]> {
  const claimed = await rows<ClaimedSync>(
    db,
    CLAIM,
    [
      request.worker,
      request.leaseMs,
      request.limit,
      [...request.room.keys()],
      [...request.room.values()],
      request.otherRoom,
      request.now,
    ],
    'signalbox_claim',
  );
  return claimed.sort((a, b) => a.id - b.id);
}

/**
 * Extends the leases of what this worker still has in hand. In id order, and past those that somebody
 * works on just now: the other one may be this worker's own write back, and neither must wait for the other.
 */
export async function renewLeases(
  db: Queryable,
  worker: number,
  ids: number[],
  leaseMs: number,
  now: Date | null,
): Promise<void> {
  await db.query({
    text: `update integration_syncs set leased_until = coalesce($4::timestamptz, now()) + $3 * interval '1 ms'
           where id in (select id from integration_syncs where id = any($2) and leased_by = $1 and status = 'pending'
                        order by id for update skip locked)`,
    values: [worker, ids, leaseMs, now],
  });
}

/** Which of these are this worker's no more: cancelled, retried by hand, or given to another. */
export async function findLost(db: Queryable, worker: number, ids: number[]): Promise<number[]> {
  const lost = await rows<{ id: number }>(
    db,
    `select t.id from unnest($2::bigint[]) as t(id) where not exists (
       select 1 from integration_syncs s where s.id = t.id and s.leased_by = $1 and s.status = 'pending')`,
    [worker, ids],
  );
  return lost.map((row) => row.id);
}

/** Gives back, untried, what this worker will not try. */
export async function releaseLeases(db: Queryable, worker: number, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.query({
    text: `update integration_syncs set leased_by = null, leased_until = null
           where id in (select id from integration_syncs where id = any($2) and leased_by = $1 and status = 'pending'
                        order by id for update)`,
    values: [worker, ids],
  });
}

/**
 * Gives back what this worker has claimed without knowing it: the answer was lost with its connection, and
 * the syncs would wait for a lease that nobody works under. Reads all that is due, so only after an error.
 */
export async function releaseUnknownLeases(db: Queryable, worker: number, known: number[]): Promise<number> {
  return affected(
    db,
    `update integration_syncs set leased_by = null, leased_until = null
     where id in (select id from integration_syncs
                  where status = 'pending' and next_attempt_at is not null and leased_by = $1 and id <> all($2)
                  order by id for update skip locked)`,
    [worker, known],
  );
}
