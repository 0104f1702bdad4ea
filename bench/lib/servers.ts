import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startPostgresServer } from '../../tests/kit/postgres-server.ts';
import { look } from './processor-time.ts';

/** Only databases that it created itself are touched, and they are gone afterwards. */
export interface Postgres {
  version: string;
  settings: Record<string, string>;
  /** Of the server's main process, for its CPU; null when it runs elsewhere. */
  pid: number | null;
  /** Started for this run, or found in BENCH_DATABASE_URL. */
  isOwn: boolean;
  /** A new database, empty or a copy; nobody may be connected to `template`. Returns its URL. */
  create(template?: string): Promise<string>;
  drop(url: string): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisServer {
  url: string;
  version: string;
  durability: string;
  pid: number | null;
}

/** Durable like production; sized so that checkpoints do not fall into the measurements. */
const SETTINGS = {
  shared_buffers: `${Math.min(2_048, Math.max(128, Math.floor(os.totalmem() / 2 ** 20 / 8)))}MB`,
  max_wal_size: '8GB',
  min_wal_size: '1GB',
  checkpoint_timeout: '30min',
  wal_buffers: '32MB',
  work_mem: '32MB',
  jit: 'off',
  random_page_cost: '1.1',
};
const SHOWN = ['fsync', 'synchronous_commit', 'full_page_writes', ...Object.keys(SETTINGS)];

export async function openPostgres(given = process.env.BENCH_DATABASE_URL): Promise<Postgres> {
  const server = given ? null : await startPostgresServer({ fsync: true, settings: SETTINGS });
  const url = given ?? server!.url;
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const { rows } = await admin.query<{ name: string; value: string }>(
    'select name, current_setting(name) as value from pg_settings where name = any($1) order by 1',
    [[...SHOWN, 'server_version']],
  );
  const settings = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  const { server_version: version = '?' } = settings;
  delete settings.server_version;
  const prefix = `signalbox_bench_${Date.now().toString(36)}${randomBytes(2).toString('hex')}_`;
  const created = new Set<string>();

  return {
    version,
    settings,
    pid: await mainProcess(admin),
    isOwn: server !== null,
    async create(template) {
      const name = `${prefix}${created.size + 1}`;
      const from = template === undefined ? 'template0' : databaseName(template);
      created.add(name);
      // file_copy: a large template is not written to the log once more
      await admin.query(
        `create database ${name} template ${from}${Number.parseInt(version, 10) >= 15 && template ? ' strategy file_copy' : ''}`,
      );
      const made = new URL(url);
      made.pathname = `/${name}`;
      return made.href;
    },
    async drop(dropped) {
      await admin.query(`drop database if exists ${databaseName(dropped)} with (force)`);
    },
    async stop() {
      if (!server)
        for (const name of created) await admin.query(`drop database if exists ${name} with (force)`);
      await admin.end();
      await server?.stop();
    },
  };
}

/** Null when there is none; `REDIS_URL` or the usual place. */
export async function findRedis(
  url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
): Promise<RedisServer | null> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    const info = await redis.info('server');
    const about = (key: string) => new RegExp(`^${key}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '?';
    const pid = Number(about('process_id'));
    return {
      url,
      version: about('redis_version'),
      durability: await durabilityOf(redis),
      pid: look(pid)?.name.startsWith('redis') ? pid : null,
    };
  } catch {
    return null;
  } finally {
    redis.disconnect();
  }
}

async function durabilityOf(redis: Redis): Promise<string> {
  try {
    const [, appendOnly, , fsync] = (await redis.config('GET', 'appendonly', 'appendfsync')) as string[];
    return appendOnly === 'yes' ? `appendonly, fsync ${fsync}` : 'no append-only file';
  } catch {
    return 'settings not readable';
  }
}

async function mainProcess(admin: pg.Client): Promise<number | null> {
  const { rows } = await admin.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = look(rows[0]!.pid);
  return backend?.name.startsWith('postgres') ? backend.parent : null;
}

export function databaseName(url: string): string {
  return new URL(url).pathname.slice(1);
}
