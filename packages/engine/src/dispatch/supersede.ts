import type { Transaction } from '../database.ts';
import { rows } from '../sql.ts';
import { type Lane, type LaneRow, toLane } from '../syncs/lanes.ts';
import type { NewSync } from './store.ts';

/**
 * "Latest state only": cancels what waits in the newcomers' lanes and has a later sync of the same event
 * type behind it. What is being delivered at this moment is left alone; what is retried is not, because a
 * later state is as good. The audit keeps the cancelled ones, with reason `superseded`.
 *
 * Runs after the newcomers were inserted, so that those of one batch supersede each other, too.
 */
const SUPERSEDE = `
  with given as (
    select distinct * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
      as g(integration_id, model, record_id, event_type)
  ), old as materialized (
    select s.id from given g join integration_syncs s
      on s.integration_id = g.integration_id and s.record_id = g.record_id and s.model = g.model
        and s.event_type = g.event_type
    where s.status = 'pending' and (s.leased_until is null or s.leased_until <= coalesce($5::timestamptz, now()))
      and exists (
        select 1 from integration_syncs later
        where later.integration_id = s.integration_id and later.record_id = s.record_id and later.model = s.model
          and later.event_type = s.event_type and later.status = 'pending' and later.id > s.id)
    order by s.id for update of s
  )
  update integration_syncs s
  set status = 'cancelled', reason = 'superseded', next_attempt_at = null, leased_by = null, leased_until = null,
      ended_at = coalesce($5::timestamptz, now())
  from old where s.id = old.id and s.status = 'pending'
  returning s.integration_id, s.model, s.record_id`;

/** Returns the lanes that must be woken after the commit. The caller holds the lane lock. */
export async function supersede(
  tx: Transaction,
  newcomers: readonly NewSync[],
  now: Date | null,
): Promise<Lane[]> {
  const latest = newcomers.filter((sync) => sync.latestOnly);
  if (latest.length === 0) return [];
  const ended = await rows<LaneRow>(
    tx,
    SUPERSEDE,
    [
      latest.map((s) => s.integrationId),
      latest.map((s) => s.model),
      latest.map((s) => s.recordId),
      latest.map((s) => s.eventType),
      now,
    ],
    'signalbox_supersede',
  );
  return ended.map(toLane);
}
