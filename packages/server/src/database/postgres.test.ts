import type { Pool } from '@signalbox/engine';
import { beforeAll, describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { startPostgresServer } from '../../../../tests/kit/postgres-server.ts';
import { createTestDatabase } from '../../../../tests/kit/test-database.ts';
import type { EmbeddedPool } from './embedded/index.ts';
import { type Database, openDatabase } from './index.ts';
import { openPostgres, PostgresUnreachableError } from './postgres.ts';

test('a server that is not there is named with what to look at, and without the password', async () => {
  const opened = openPostgres('postgres://amy:secret@127.0.0.1:1/shop?sslmode=disable', { startupMs: 0 });
  await expect(opened).rejects.toThrow(PostgresUnreachableError);
  await expect(opened).rejects.toThrow(
    'Cannot use the Postgres server at amy@127.0.0.1:1/shop: nothing listens there: is the server running, ' +
      'and is the port right? (ECONNREFUSED)',
  );
});

test('a database that does not exist is told from a server that is not there', async () => {
  const { url, dispose } = await createTestDatabase('postgres');
  onTestFinished(() => dispose());
  const wrong = new URL(url!);
  wrong.pathname = '/no_such_database';
  await expect(openPostgres(wrong.href)).rejects.toThrow('there is no such database');
});

test('a restart of the server breaks idle connections, not the process or the pool', async () => {
  const server = await startPostgresServer();
  onTestFinished(() => server.stop());
  const errors: Error[] = [];
  const { pool, close } = await openPostgres(server.url, { onIdleError: (error) => errors.push(error) });
  await pool.query('create table things as select 1 as id');
  await server.kill();
  await server.restart();
  expect((await pool.query('select id from things')).rows).toEqual([{ id: 1 }]);
  expect(errors.length).toBeGreaterThan(0);
  await close();
});

test('a server that is still starting is waited for', async () => {
  const server = await startPostgresServer();
  onTestFinished(() => server.stop());
  await server.halt();
  const opening = openPostgres(server.url);
  await server.restart();
  const { close } = await opening;
  await close();
});

describe('the configuration chooses', () => {
  let embedded: Database;
  beforeAll(async () => {
    embedded = await openDatabase({ directory: null });
    return () => embedded.close();
  });
  const versionOf = async ({ pool }: Database) =>
    (await pool.query('select version() as version')).rows[0].version as string;

  test('a URL means that server', async () => {
    const { url, dispose } = await createTestDatabase('postgres');
    onTestFinished(() => dispose());
    const database = await openDatabase({ url: url!, directory: null, applicationName: 'chosen' });
    expect(database.kind).toBe('postgres');
    expect(await versionOf(database)).not.toContain('PGlite');
    await database.close();
  });

  test('none means the embedded database', async () => {
    expect(embedded.kind).toBe('embedded');
    expect(await versionOf(embedded)).toContain('PGlite');
  });
});

test('the embedded pool is a pool for the engine', () => {
  expectTypeOf<EmbeddedPool>().toExtend<Pool>();
});
