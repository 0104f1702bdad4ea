import type { Pool } from '../database.ts';
import type { Chores, HostChore } from '../engine-api.ts';
import type { Logger } from '../logger.ts';
import { rows } from '../sql.ts';
import { createWakeable } from '../wakeable.ts';

export interface Scheduler {
  stop(): Promise<void>;
}

/** Several schedulers may be started; the one with this lease acts, and another takes over within seconds. */
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;

/** The engine's own, beside those that the host brings. */
export function engineChores(chores: Chores): HostChore[] {
  return [
    { name: 'rescue', everyMs: 10_000, run: chores.rescue },
    { name: 'retry_failed_syncs', everyMs: 300_000, run: chores.retryFailedSyncs },
    { name: 'clean_up', everyMs: 3_600_000, run: chores.cleanUp },
  ];
}

/** Runs the chores, each at its interval, while this process holds the scheduler's lease. */
export function startScheduler(
  pool: Pool,
  id: number,
  chores: readonly HostChore[],
  logger: Logger,
): Scheduler {
  const pause = createWakeable();
  const lastRun = new Map<string, number>();
  let stopping = false;
  const loop = run();

  return {
    async stop() {
      stopping = true;
      pause.wake();
      await loop;
      await pool
        .query({
          text: "delete from integration_leases where name = 'scheduler' and holder = $1",
          values: [id],
        })
        .catch((error) =>
          logger.warn({ err: error }, 'could not give the scheduler lease back; it runs out'),
        );
    },
  };

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        if (await holdLease(pool, id)) await runDue();
      } catch (error) {
        logger.error({ err: error }, 'could not hold the scheduler lease; trying again');
      }
      if (!stopping) await pause.pause(RENEW_MS);
    }
  }

  async function runDue(): Promise<void> {
    for (const { name, everyMs, run } of chores) {
      const now = performance.now();
      if (stopping || now - (lastRun.get(name) ?? Number.NEGATIVE_INFINITY) < everyMs) continue;
      lastRun.set(name, now);
      try {
        const did = await run();
        logger.debug({ chore: name, did }, 'chore done');
      } catch (error) {
        logger.error({ err: error, chore: name }, 'a chore failed; it is run again at its time');
      }
    }
  }
}

async function holdLease(pool: Pool, id: number): Promise<boolean> {
  const held = await rows(
    pool,
    `insert into integration_leases as l (name, holder, leased_until)
     values ('scheduler', $1, now() + $2 * interval '1 ms')
     on conflict (name) do update set holder = excluded.holder, leased_until = excluded.leased_until
       where l.holder = excluded.holder or l.leased_until < now()
     returning 1`,
    [id, LEASE_MS],
  );
  return held.length > 0;
}
