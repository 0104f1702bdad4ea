import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { openEmbedded } from '../../packages/server/src/database/embedded/index.ts';
import type { EmbeddedPool } from '../../packages/server/src/database/embedded/single-session-pool.ts';
import { embeddedTemplate } from './embedded-template.ts';
import { recordUse } from './uses.ts';

export type DatabaseKind = 'postgres' | 'embedded';

export interface TestDatabase {
  kind: DatabaseKind;
  pool: pg.Pool | EmbeddedPool;
  /** for further connections and other processes; only a server has one */
  url?: string;
  /** Closes and drops it. `keep` (a test failed) leaves a server's database and prints its name. */
  dispose(options?: { keep?: boolean }): Promise<void>;
}

/**
 * A database of its own for a test or a file, a copy of the template: 20 to 40 ms on Postgres, about 0.6 s
 * and 300 MB of memory embedded. Rejects when the run has no Postgres server.
 */
export async function createTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  const run = inject('signalboxRun');
  const database = kind === 'postgres' ? await createOnServer() : await createEmbedded();
  recordUse(run.directory, kind);
  return database;
}

async function createOnServer(): Promise<TestDatabase> {
  const { postgres, whyNoPostgres } = inject('signalboxRun');
  if (!postgres) {
    throw new Error(
      `This suite needs a Postgres server, and there is none: ${whyNoPostgres}. ` +
        'Set TEST_DATABASE_URL, or SIGNALBOX_TEST_EMBEDDED_ONLY=1 to skip such suites.',
    );
  }
  const name = `${postgres.prefix}${randomBytes(5).toString('hex')}`;
  await administer(postgres.url, `create database ${name} template ${postgres.template}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 10 });
  pool.on('error', () => {}); // a test may stop the server

  return {
    kind: 'postgres',
    pool,
    url: url.href,
    async dispose({ keep = false } = {}) {
      await pool.end();
      if (process.env.KEEP_TEST_DATABASES === '1') {
        console.log(`Kept the test database ${url.href}`);
      } else {
        if (keep) console.log(`To look at the database of a failed test, set KEEP_TEST_DATABASES=1.`);
        await administer(postgres.url, `drop database if exists ${name} with (force)`);
      }
    },
  };
}

async function createEmbedded(): Promise<TestDatabase> {
  const { pool, close } = await openEmbedded({
    directory: null,
    loadDataDir: await embeddedTemplate(),
    maintenance: false,
    acquireTimeoutMs: 5_000,
  });
  return { kind: 'embedded', pool, dispose: close };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
