import type { Queryable } from '../database.ts';
import { affected } from '../sql.ts';

/**
 * The pending syncs of one record on their way to one integration. At most one of them is active (has a
 * `next_attempt_at`); the others wait (null), and when the active one ends the one with the lowest id
 * becomes active. So a lane is delivered one after the other, also while its active sync is retried.
 */
export interface Lane {
  integrationId: number;
  model: string;
  recordId: string;
}

/** Makes the first waiting sync of each lane active, unless the lane has an active one. */
export async function wakeLanes(db: Queryable, lanes: Lane[], now: Date | null): Promise<number> {
  return affected(
    db,
    `update integration_syncs n set next_attempt_at = coalesce($4::timestamptz, now())
     from (select distinct * from unnest($1::bigint[], $2::text[], $3::text[])) as l(integration_id, model, record_id)
     where n.next_attempt_at is null and n.status = 'pending' and n.id = (
       select s.id from integration_syncs s
       where s.integration_id = l.integration_id and s.record_id = l.record_id and s.model = l.model
         and s.status = 'pending'
       order by s.next_attempt_at nulls last, s.id limit 1)`,
    [lanes.map((l) => l.integrationId), lanes.map((l) => l.model), lanes.map((l) => l.recordId), now],
  );
}

/**
 * Wakes every lane without an active sync: what a crash between a write back and its second statement
 * would leave. A sweep over those that wait, for the rescue chore.
 */
export async function wakeForgottenLanes(db: Queryable, now: Date | null): Promise<number> {
  return affected(
    db,
    `update integration_syncs n set next_attempt_at = coalesce($1::timestamptz, now())
     where n.status = 'pending' and n.next_attempt_at is null and not exists (
       select 1 from integration_syncs s
       where s.integration_id = n.integration_id and s.record_id = n.record_id and s.model = n.model
         and s.status = 'pending' and (s.id < n.id or s.next_attempt_at is not null))`,
    [now],
  );
}
