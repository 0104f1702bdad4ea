import type { Queryable, Transaction } from '../database.ts';
import { affected, rows } from '../sql.ts';

/**
 * The pending syncs of one record on their way to one integration. At most one of them is active (has a
 * `next_attempt_at`); the others wait (null), and when the active one ends the one with the lowest id
 * becomes active. So a lane is delivered one after the other, also while its active sync is retried.
 *
 * What keeps it so, whoever does what at the same moment (tests/lanes.test.ts shows each case on two
 * connections):
 *
 * - Who adds to lanes (dispatch, retry) holds {@link lockLanes}, so two of them never both find a lane
 *   empty. It then locks what is in the lane and marks it `followed`; what has ended by the time the lock
 *   is granted counts as gone.
 * - Who ends syncs (write back, cancel) commits, and wakes their lanes in a further statement. Its
 *   snapshot sees every end that was committed before, so of several that end syncs of one lane at once
 *   the last to look finds the next one. In the same transaction it would not see the others' ends.
 * - Every statement that locks several syncs locks them in the order of their ids: no deadlock.
 * - A process that dies between an end and its waking leaves a lane asleep: the rescue chore's sweep.
 */
export interface Lane {
  integrationId: number;
  model: string;
  recordId: string;
}

/** As statements return it. */
export interface LaneRow {
  integration_id: number;
  model: string;
  record_id: string;
}

export function toLane(row: LaneRow): Lane {
  return { integrationId: row.integration_id, model: row.model, recordId: row.record_id };
}

const LANE_LOCK = 7_316_402_913;

/**
 * Held to the end of the transaction by who adds to lanes. A statement of its own, because the snapshot
 * of the next one must be younger than the lock. Syncs may be locked after it, never before.
 */
export async function lockLanes(tx: Transaction): Promise<void> {
  await tx.query({
    name: 'signalbox_lane_lock',
    text: 'select pg_advisory_xact_lock($1)',
    values: [LANE_LOCK],
  });
}

/**
 * `picked` is the active sync of a lane, or else the first that waits. One that waits becomes active; one
 * that is active already is marked `followed`, so that it wakes those behind it when it ends (a lane has
 * several active ones after its integration was switched from no order to order).
 *
 * Only the first 200 of a lane are looked at, so that a lane of 100,000 does not cost a sort at each end:
 * the active one is behind others only when failed syncs of its record were retried by hand.
 */
const WAKE_LANES = `
  with picked as materialized (
    select l.*, (
      select f.id from (
        select s.id, s.next_attempt_at from integration_syncs s
        where s.integration_id = l.integration_id and s.record_id = l.record_id and s.model = l.model
          and s.status = 'pending'
        order by s.id limit 200) f
      order by f.next_attempt_at nulls last, f.id limit 1) as id
    from (select distinct * from unnest($1::bigint[], $2::text[], $3::text[]))
      as l(integration_id, model, record_id)
  ), locked as materialized (
    select s.id, s.status, s.next_attempt_at is null as waits from integration_syncs s
    where s.id in (select id from picked) and (s.next_attempt_at is null or not s.followed)
    order by s.id for update
  ), changed as (
    update integration_syncs n
    set next_attempt_at = coalesce(n.next_attempt_at, $4::timestamptz, now()), followed = n.followed or not k.waits
    from locked k
    where n.id = k.id and n.status = 'pending'
    returning n.id
  )
  select p.integration_id, p.model, p.record_id, k.status <> 'pending' as lost,
         k.waits and k.id in (select id from changed) as woken
  from picked p join locked k on k.id = p.id`;

/**
 * Makes the first waiting sync of each lane active, unless the lane has an active one. Returns how many
 * it woke. Call it after the commit of what ended.
 */
export async function wakeLanes(db: Queryable, lanes: Lane[], now: Date | null): Promise<number> {
  if (lanes.length === 0) return 0;
  const looked = await rows<LaneRow & { lost: boolean; woken: boolean }>(
    db,
    WAKE_LANES,
    [lanes.map((l) => l.integrationId), lanes.map((l) => l.model), lanes.map((l) => l.recordId), now],
    'signalbox_wake_lanes',
  );
  const woken = looked.filter((row) => row.woken).length;
  // The one that was picked ended while we waited for its lock. The next look is a younger snapshot.
  const lost = looked.filter((row) => row.lost);
  return woken + (lost.length > 0 ? await wakeLanes(db, lost.map(toLane), now) : 0);
}

/**
 * Wakes every lane without an active sync: what a process that died between an end and its waking
 * leaves. One pass over the pending syncs in the order of the lane index, for the rescue chore.
 */
export async function wakeForgottenLanes(db: Queryable, now: Date | null): Promise<number> {
  return affected(
    db,
    `update integration_syncs n set next_attempt_at = coalesce($1::timestamptz, now())
     where n.status = 'pending' and n.next_attempt_at is null and n.id in (
       select s.id from integration_syncs s
       where s.id in (
         select min(l.id) from integration_syncs l where l.status = 'pending'
         group by l.integration_id, l.record_id, l.model having bool_and(l.next_attempt_at is null))
       order by s.id for update skip locked)`,
    [now],
  );
}
