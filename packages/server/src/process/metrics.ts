import type { Engine, QueueStats, WorkerInfo } from '@signalbox/engine';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

interface Snapshot {
  queue: QueueStats;
  workers: WorkerInfo[];
}

const GAUGES: [name: string, help: string, read: (snapshot: Snapshot) => number][] = [
  [
    'signalbox_changes_undispatched',
    'Captured changes that no worker has turned into syncs yet.',
    ({ queue }) => queue.undispatched,
  ],
  [
    'signalbox_changes_undispatched_age_seconds',
    'Age of the oldest of them.',
    ({ queue }) => ageSeconds(queue.oldestUndispatchedAt),
  ],
  ['signalbox_syncs_pending', 'Syncs that wait, for whatever reason.', ({ queue }) => queue.pending],
  ['signalbox_syncs_due', 'Syncs that could be delivered now.', ({ queue }) => queue.due],
  [
    'signalbox_syncs_due_age_seconds',
    'How long the oldest of them has been due.',
    ({ queue }) => ageSeconds(queue.oldestDueAt),
  ],
  [
    'signalbox_syncs_synced_last_day',
    'Syncs delivered in the last 24 hours.',
    ({ queue }) => queue.syncedLastDay,
  ],
  [
    'signalbox_syncs_failed_last_day',
    'Syncs that failed for good in the last 24 hours.',
    ({ queue }) => queue.failedLastDay,
  ],
  [
    'signalbox_workers_alive',
    'Live processes with the worker role.',
    ({ workers }) => workers.filter(({ alive, roles }) => alive && roles.includes('worker')).length,
  ],
];

/** What `/metrics` shows: this process, and the queue as it is when asked. */
export function createMetrics(engine: Engine): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const snapshot = sharedWhileFresh(async (): Promise<Snapshot> => {
    const [queue, workers] = await Promise.all([engine.workers.queue(), engine.workers.list()]);
    return { queue, workers };
  });
  for (const [name, help, read] of GAUGES) {
    const collect = async function (this: Gauge) {
      this.set(Number(read(await snapshot())));
    };
    new Gauge({ name, help, registers: [register], collect });
  }
  return register;
}

/** All gauges of a scrape share one look at the database. */
function sharedWhileFresh<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | null = null;
  return () => {
    loading ??= load().finally(() => {
      loading = null;
    });
    return loading;
  };
}

function ageSeconds(since: Date | null): number {
  return since === null ? 0 : Math.max(0, (Date.now() - since.getTime()) / 1_000);
}
