import type { Clock } from '../clock.ts';
import { type Pool, transaction } from '../database.ts';
import type { Chores } from '../engine-api.ts';
import { Conditions } from '../paging.ts';
import { affected, rows } from '../sql.ts';
import { lockLanes, wakeForgottenLanes } from '../syncs/lanes.ts';
import { retrySyncs } from '../syncs/retry.ts';
import { DEAD_AFTER_MS, isDeadHere } from '../workers/registry.ts';

export interface Retention {
  /** Days that synced and cancelled syncs are kept, with their attempts and events. Default 30. */
  successDays: number;
  /** Days that failed ones are kept. Default 90. */
  failureDays: number;
}

export const DEFAULT_RETENTION: Retention = { successDays: 30, failureDays: 90 };

/** The sweep reads all that is pending (0.3 to 1 s with 200 k): it rests for so many times what it took. */
const SWEEP_REST = 50;
/** Rows a statement, so that no lock is held for long. */
const CLEAN_UP_BATCH = 5_000;

export function createChores(pool: Pool, clock: Clock, retention: Retention, wake: () => void): Chores {
  let sweepAgainAt = 0;

  return {
    /**
     * A worker's leases run out by themselves; this makes it quicker when its process is known to be
     * dead, and sweeps up what a crash may have left in lanes.
     */
    async rescue() {
      const workers = await rows<{ id: number; pid_space: string | null; pid: number; silent: boolean }>(
        pool,
        `select id, pid_space, pid, seen_at <= now() - $1 * interval '1 ms' as silent from integration_workers`,
        [DEAD_AFTER_MS],
      );
      const dead = workers.filter((worker) => worker.silent || isDeadHere(worker.pid_space, worker.pid));
      let rescued = 0;
      if (dead.length > 0) {
        const ids = dead.map((worker) => worker.id);
        rescued = await transaction(pool, async (tx) => {
          await affected(tx, 'delete from integration_workers where id = any($1)', [ids]);
          return affected(
            tx,
            `update integration_syncs set leased_by = null, leased_until = null
             where id in (select id from integration_syncs where status = 'pending' and leased_by = any($1)
                          order by id for update skip locked)`,
            [ids],
          );
        });
      }
      if (performance.now() >= sweepAgainAt) {
        const from = performance.now();
        rescued += await wakeForgottenLanes(pool, clock.forStatement());
        sweepAgainAt = from + (performance.now() - from) * SWEEP_REST;
      }
      if (rescued > 0) wake();
      return rescued;
    },

    /**
     * One more run for every sync that used up its tries, once its integration has delivered something
     * since: the receiver works again. Once a sync, so that one that can never work is not tried for ever.
     */
    async retryFailedSyncs() {
      const retried = await transaction(pool, async (tx) => {
        await lockLanes(tx); // before any sync is locked
        const due = await rows<{ id: number }>(
          tx,
          `select s.id from integration_syncs s join integration_health h on h.integration_id = s.integration_id
           where s.status = 'failed' and s.reason = 'exhausted' and s.revived_at is null
             and h.last_success_at > s.ended_at
           order by s.id limit 1000 for update of s skip locked`,
        );
        if (due.length === 0) return 0;
        const ids = due.map((row) => row.id);
        await affected(
          tx,
          'update integration_syncs set revived_at = coalesce($2::timestamptz, now()) where id = any($1)',
          [ids, clock.forStatement()],
        );
        const chosen = new Conditions().add((p) => `s.id = any(${p})`, ids);
        return (await retrySyncs(tx, chosen, { limit: ids.length, now: clock.forStatement() })).retried;
      });
      if (retried > 0) wake();
      return retried;
    },

    async cleanUp() {
      const now = clock.forStatement();
      const { successDays, failureDays } = retention;
      const attempts = await inBatches(
        pool,
        `delete from integration_attempts where id in (
           select a.id from integration_attempts a join integration_syncs s on s.id = a.sync_id
           where ${isOver('s', '$1', '$2', '$3')} limit ${CLEAN_UP_BATCH})`,
        [successDays, failureDays, now],
      );
      const syncs = await inBatches(
        pool,
        `delete from integration_syncs where id in (
           select s.id from integration_syncs s where ${isOver('s', '$1', '$2', '$3')} limit ${CLEAN_UP_BATCH})`,
        [successDays, failureDays, now],
      );
      const events = await inBatches(
        pool,
        `delete from integration_events where id in (
           select e.id from integration_events e
           where e.created_at < coalesce($2::timestamptz, now()) - $1 * interval '1 day'
             and not exists (select 1 from integration_syncs s where s.event_id = e.id)
           limit ${CLEAN_UP_BATCH})`,
        [successDays, now],
      );
      return { events, syncs, attempts };
    },
  };
}

function isOver(sync: string, successDays: string, failureDays: string, now: string): string {
  const before = (days: string) => `coalesce(${now}::timestamptz, now()) - ${days} * interval '1 day'`;
  return `((${sync}.status in ('synced', 'cancelled') and ${sync}.ended_at < ${before(successDays)})
    or (${sync}.status = 'failed' and ${sync}.ended_at < ${before(failureDays)}))`;
}

async function inBatches(pool: Pool, text: string, values: unknown[]): Promise<number> {
  let total = 0;
  let deleted: number;
  do {
    deleted = await affected(pool, text, values);
    total += deleted;
  } while (deleted === CLEAN_UP_BATCH);
  return total;
}
