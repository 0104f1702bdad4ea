import { engineChores, type Scheduler, startScheduler } from './chores/scheduler.ts';
import type { Pool } from './database.ts';
import { startWorker, type Worker, type WorkerOptions } from './delivery/worker.ts';
import type { DispatchResult } from './dispatch/dispatch.ts';
import { type Dispatcher, startDispatcher } from './dispatch/dispatcher.ts';
import type { Chores, HostChore, Roles, Running } from './engine-api.ts';
import type { Logger } from './logger.ts';
import { createWakeups, type WakeKind, type Wakeups } from './wakeups.ts';
import { beat, registerWorker, unregisterWorker } from './workers/registry.ts';

export interface RolesOptions {
  pool: Pool;
  logger: Logger;
  version: string;
  /** Whether the database can carry wakeups between processes (LISTEN/NOTIFY). */
  listen: boolean;
  chores: Chores;
  hostChores: readonly HostChore[];
  dispatch(): Promise<DispatchResult>;
  worker: Omit<WorkerOptions, 'id' | 'concurrency'>;
}

const BEAT_MS = 5_000;
const DEFAULT_DRAIN_MS = 25_000;

export interface RunningRoles extends Running {
  /** Returns whether these roles do that work. */
  wake(kind: WakeKind): boolean;
}

/** Starts roles in this process. They appear in `inspect` and are given up on by the others when they fall silent. */
export function startRoles(roles: Roles, options: RolesOptions): RunningRoles {
  const { pool, logger } = options;
  let parts: {
    id: number;
    worker?: Worker;
    dispatcher?: Dispatcher;
    scheduler?: Scheduler;
    wakeups?: Wakeups;
  } | null = null;
  let stopped = false;
  let failure: NodeJS.Timeout | null = null;
  const wake = (kind: WakeKind) => (kind === 'changes' ? parts?.dispatcher : parts?.worker)?.wake();
  const identity = {
    roles: [...(roles.worker ? ['worker'] : []), ...(roles.scheduler ? ['scheduler'] : [])],
    version: options.version,
    concurrency: roles.worker?.concurrency ?? 0,
  };
  let starting = begin();
  const beating = setInterval(() => void heartbeat(), BEAT_MS);

  return {
    wake(kind) {
      wake(kind);
      return roles.worker !== undefined;
    },
    healthy: () =>
      parts !== null && (parts.worker?.healthy() ?? true) && (parts.dispatcher?.healthy() ?? true),
    async stop({ timeoutMs = DEFAULT_DRAIN_MS } = {}) {
      stopped = true;
      clearInterval(beating);
      if (failure) clearTimeout(failure);
      await starting;
      if (!parts) return;
      const { id, worker, dispatcher, scheduler, wakeups } = parts;
      await Promise.all([dispatcher?.stop(), scheduler?.stop(), worker?.stop(timeoutMs), wakeups?.close()]);
      await unregisterWorker(pool, id).catch(() => {});
    },
  };

  async function begin(): Promise<void> {
    try {
      const id = await registerWorker(pool, identity);
      parts = { id };
      // What a process killed on this machine had in hand, without waiting for a lease to run out.
      await options.chores.rescue();
      if (roles.worker) {
        const worker = startWorker({ ...options.worker, id, concurrency: identity.concurrency });
        parts.worker = worker;
        parts.dispatcher = startDispatcher(options.dispatch, onSyncs, logger);
        if (options.listen) parts.wakeups = createWakeups(pool, logger, wake);
      }
      if (roles.scheduler)
        parts.scheduler = startScheduler(
          pool,
          id,
          [...engineChores(options.chores), ...options.hostChores],
          logger,
        );
    } catch (error) {
      logger.error({ err: error }, 'could not start; trying again in a second');
      if (!stopped) {
        failure = setTimeout(() => {
          starting = begin();
        }, 1_000);
      }
    }
  }

  /** New syncs are this worker's; others hear of them when it has no room for them. */
  function onSyncs(count: number): void {
    const { worker, wakeups } = parts ?? {};
    worker?.wake();
    if (count > (worker?.room() ?? 0)) wakeups?.announce('syncs');
  }

  async function heartbeat(): Promise<void> {
    if (!parts) return;
    const { worker, id } = parts;
    const active = (worker?.active() ?? []).slice(0, 200).map(({ sync, startedAt }) => ({
      syncId: sync.id,
      integrationId: sync.integration_id,
      eventType: sync.event_type,
      startedAt: startedAt.toISOString(),
    }));
    try {
      const isKnown = await beat(pool, id, identity, { active, stats: worker?.stats() ?? {} });
      if (!isKnown)
        logger.warn({ worker: id }, 'this worker was thought dead; its leases were given to others');
    } catch (error) {
      logger.warn({ err: error }, 'could not report that this process is alive');
    }
  }
}
