import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, platform } from 'node:os';
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
    `insert into integration_workers (roles, host, pid, version, concurrency, pid_space)
     values ($1, $2, $3, $4, $5, $6) returning id`,
    [identity.roles, hostname(), process.pid, identity.version, identity.concurrency, pidSpace()],
  );
  return row!.id;
}

export interface Heartbeat {
  active: WorkerInfo['active'];
  stats: WorkerInfo['stats'];
}

/**
 * Returns false when the row was gone: others thought this worker dead, and its leases were given away. It
 * is registered again, under the same id, because its leases name that.
 */
export async function beat(
  db: Queryable,
  id: number,
  identity: WorkerIdentity,
  { active, stats }: Heartbeat,
): Promise<boolean> {
  const values = [id, JSON.stringify(active), JSON.stringify(stats)];
  const touched = await affected(
    db,
    'update integration_workers set seen_at = now(), active = $2, stats = $3 where id = $1',
    values,
  );
  if (touched > 0) return true;
  await affected(
    db,
    `insert into integration_workers (id, active, stats, roles, host, pid, version, concurrency, pid_space)
     overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`,
    [...values, identity.roles, hostname(), process.pid, identity.version, identity.concurrency, pidSpace()],
  );
  return false;
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
    pid_space: string | null;
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
    alive: row.alive && !isDeadHere(row.pid_space, row.pid),
    active: row.active,
    stats: row.stats,
  }));
}

/** A process whose id we can look up, and that exists no more. */
export function isDeadHere(space: string | null, pid: number): boolean {
  if (space === null || space !== pidSpace()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'ESRCH';
  }
}

/**
 * Where this process's id means something. Containers on one machine, or with one host name on several,
 * have process ids of their own: by the name of the host alone, the living were taken for dead and their
 * leases given away, so every receiver got every event twice. Null when it cannot be told.
 */
export function pidSpace(): string | null {
  if (platform() !== 'linux') return hostname();
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}
