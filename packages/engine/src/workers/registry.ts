import { hostname } from 'node:os';
import type { Queryable } from '../database.ts';
import type { WorkerInfo } from '../engine-api.ts';
import { affected, rows } from '../sql.ts';

/** A process that has not been seen for so long is dead. */
export const DEAD_AFTER_MS = 30_000;

export interface WorkerIdentity {
  roles: string[];
  version: string;
  concurrency: number;
}

export async function registerWorker(db: Queryable, identity: WorkerIdentity): Promise<number> {
  const [row] = await rows<{ id: number }>(
    db,
    `insert into integration_workers (roles, host, pid, version, concurrency) values ($1, $2, $3, $4, $5) returning id`,
    [identity.roles, hostname(), process.pid, identity.version, identity.concurrency],
  );
  return row!.id;
}

export interface Heartbeat {
  active: WorkerInfo['active'];
  stats: WorkerInfo['stats'];
}

/** Returns false when the row is gone: others thought this worker dead, and its leases are given away. */
export async function beat(db: Queryable, id: number, { active, stats }: Heartbeat): Promise<boolean> {
  const touched = await affected(
    db,
    'update integration_workers set seen_at = now(), active = $2, stats = $3 where id = $1',
    [id, JSON.stringify(active), JSON.stringify(stats)],
  );
  return touched > 0;
}

export async function unregisterWorker(db: Queryable, id: number): Promise<void> {
  await affected(db, 'delete from integration_workers where id = $1', [id]);
}

export async function listWorkers(db: Queryable): Promise<WorkerInfo[]> {
  const found = await rows<{
    id: number;
    roles: string[];
    host: string;
    pid: number;
    version: string;
    concurrency: number;
    started_at: Date;
    seen_at: Date;
    alive: boolean;
    active: WorkerInfo['active'];
    stats: WorkerInfo['stats'];
  }>(db, `select *, seen_at > now() - $1 * interval '1 ms' as alive from integration_workers order by id`, [
    DEAD_AFTER_MS,
  ]);
  return found.map((row) => ({
    id: row.id,
    roles: row.roles,
    host: row.host,
    pid: row.pid,
    version: row.version,
    concurrency: row.concurrency,
    startedAt: row.started_at,
    seenAt: row.seen_at,
    alive: row.alive && !isDeadHere(row.host, row.pid),
    active: row.active,
    stats: row.stats,
  }));
}

/** A process of this host and this view of process ids that exists no more. */
export function isDeadHere(host: string, pid: number): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'ESRCH';
  }
}
