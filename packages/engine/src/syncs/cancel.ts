import type { Transaction } from '../database.ts';
import { wakeLanes } from '../delivery/lanes.ts';
import type { Conditions } from '../paging.ts';
import { rows } from '../sql.ts';

interface Cancelled {
  integration_id: number;
  model: string;
  record_id: string;
}

/** Cancels what matches and waits; one that is being delivered may still arrive. Returns how many. */
export async function cancelPending(
  tx: Transaction,
  conditions: Conditions,
  reason: string,
  now: Date | null,
): Promise<number> {
  const values = [...conditions.values, reason, now];
  const cancelled = await rows<Cancelled>(
    tx,
    `update integration_syncs s
     set status = 'cancelled', reason = $${values.length - 1}, leased_by = null, leased_until = null,
         next_attempt_at = null, ended_at = coalesce($${values.length}::timestamptz, now())
     where s.id in (
       select s.id from integration_syncs s where ${conditions.where} and s.status = 'pending' order by s.id for update)
     returning s.integration_id, s.model, s.record_id`,
    values,
  );
  if (cancelled.length > 0) {
    await wakeLanes(
      tx,
      cancelled.map((row) => ({
        integrationId: row.integration_id,
        model: row.model,
        recordId: row.record_id,
      })),
      now,
    );
  }
  return cancelled.length;
}
