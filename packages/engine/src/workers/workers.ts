import type { Clock } from '../clock.ts';
import type { Pool } from '../database.ts';
import type { QueueStats, Workers } from '../engine-api.ts';
import { rows } from '../sql.ts';
import { SYNC_COLUMNS, SYNC_TABLES, type SyncRow, toSync } from '../syncs/syncs.ts';
import { listWorkers } from './registry.ts';

export function createWorkers(pool: Pool, clock: Clock): Workers {
  return {
    list: () => listWorkers(pool),

    async scheduled(limit) {
      const found = await rows<SyncRow>(
        pool,
        `select ${SYNC_COLUMNS} from ${SYNC_TABLES}
         where s.status = 'pending' and s.next_attempt_at > coalesce($2::timestamptz, now())
         order by s.next_attempt_at limit $1`,
        [limit, clock.forStatement()],
      );
      return found.map(toSync);
    },

    async queue() {
      const [row] = await rows<Record<keyof QueueStats, never>>(
        pool,
        `select
           (select count(*) from integration_changes) as "undispatched",
           (select min(occurred_at) from integration_changes) as "oldestUndispatchedAt",
           (select count(*) from integration_syncs where status = 'pending') as "pending",
           (select count(*) from integration_syncs s join tenant_integrations i on i.id = s.integration_id
             where s.status = 'pending' and s.next_attempt_at <= coalesce($1::timestamptz, now())
               and i.paused_at is null and i.is_active) as "due",
           (select min(next_attempt_at) from integration_syncs s join tenant_integrations i on i.id = s.integration_id
             where s.status = 'pending' and s.next_attempt_at <= coalesce($1::timestamptz, now())
               and i.paused_at is null and i.is_active) as "oldestDueAt",
           (select count(*) from integration_syncs where status = 'failed' and ended_at > now() - interval '1 day')
             as "failedLastDay",
           (select count(*) from integration_syncs where status = 'synced' and ended_at > now() - interval '1 day')
             as "syncedLastDay"`,
        [clock.forStatement()],
      );
      return row as unknown as QueueStats;
    },
  };
}
