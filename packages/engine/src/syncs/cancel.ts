import type { Queryable } from '../database.ts';
import type { Conditions } from '../paging.ts';
import { rows } from '../sql.ts';
import { type Lane, type LaneRow, toLane } from './lanes.ts';

/**
 * Cancels what matches and waits; one that is being delivered may still arrive. Returns the lane of each
 * cancelled sync: wake them once this is committed.
 */
export async function cancelPending(
  db: Queryable,
  conditions: Conditions,
  reason: string,
  now: Date | null,
): Promise<Lane[]> {
  const values = [...conditions.values, reason, now];
  const cancelled = await rows<LaneRow>(
    db,
    `update integration_syncs s
     set status = 'cancelled', reason = $${values.length - 1}, leased_by = null, leased_until = null,
         next_attempt_at = null, ended_at = coalesce($${values.length}::timestamptz, now())
     where s.status = 'pending' and s.id in (
       select s.id from integration_syncs s where ${conditions.where} and s.status = 'pending' order by s.id for update)
     returning s.integration_id, s.model, s.record_id`,
    values,
  );
  return cancelled.map(toLane);
}
