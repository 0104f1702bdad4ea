import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBlank } from '../../../../../tests/kit/embedded-template.ts';
import type { EmbeddedDatabase } from './index.ts';
import { startMaintenance } from './maintenance.ts';

let database: EmbeddedDatabase;
beforeAll(async () => {
  database = await openBlank();
  await database.pool.query(
    'create table queue (id int); create table forgotten (id int); create table quiet (id int)',
  );
});
afterAll(() => database.close());

async function state() {
  const { rows } = await database.pool.query(`select
    (select json_object_agg(relname, vacuum_count) from pg_stat_user_tables) as vacuums,
    (select json_object_agg(relname, analyze_count) from pg_stat_user_tables) as analyses,
    (select redo_lsn::text from pg_control_checkpoint()) as checkpoint`);
  return rows[0] as { vacuums: Record<string, number>; analyses: Record<string, number>; checkpoint: string };
}

test('a minute after a write the tables are vacuumed and analysed, and a checkpoint is made; once', async () => {
  let now = 0;
  const { check } = startMaintenance({
    pool: database.pool,
    tables: ['queue', 'not_there'],
    every: () => () => {},
    now: () => now,
  });
  await database.pool.query('insert into queue select generate_series(1, 100)');
  await database.pool.query('delete from queue');
  await database.pool.query('insert into forgotten select generate_series(1, 20000)');
  await database.pool.query('delete from forgotten');
  const before = await state();

  now = 59_000;
  expect(await check()).toBe('not yet');
  now = 61_000;
  expect(await check()).toBe('done');
  const after = await state();
  expect(after.vacuums).toEqual({ queue: 1, forgotten: 1, quiet: 0 });
  expect(after.analyses).toEqual({ queue: 1, forgotten: 1, quiet: 0 });
  expect(after.checkpoint).not.toBe(before.checkpoint);

  now = 200_000;
  expect(await check()).toBe('idle'); // reads only, by this test itself
  expect(await state()).toEqual(after);
  const { statements } = database.pool;
  expect(await check()).toBe('idle');
  expect(await check()).toBe('idle');
  expect(database.pool.statements - statements).toBeLessThanOrEqual(1);
});

test('much writing brings the round forward', async () => {
  const { check } = startMaintenance({
    pool: database.pool,
    tables: ['queue'],
    every: () => () => {},
    now: () => 0,
    logBytes: 100_000,
  });
  await database.pool.query('select 1');
  expect(await check()).toBe('not yet');
  await database.pool.query('insert into queue select generate_series(1, 10000)');
  expect(await check()).toBe('done');
});

test('an error is reported, and the timer goes on until it is stopped', async () => {
  const errors: Error[] = [];
  const pool = { statements: 0, query: () => Promise.reject(new Error('no database')) };
  let tick = () => {};
  let stopped = false;
  const { stop } = startMaintenance({
    pool,
    tables: [],
    every(callback) {
      tick = callback;
      return () => {
        stopped = true;
      };
    },
    onError: (error) => errors.push(error),
  });
  tick();
  await new Promise(setImmediate);
  expect(errors).toEqual([]); // nobody has asked for anything yet: nothing to do
  pool.statements++;
  for (let ticks = 0; ticks < 2; ticks++) {
    tick();
    await new Promise(setImmediate);
  }
  expect(errors).toEqual([new Error('no database'), new Error('no database')]);
  await stop();
  expect(stopped).toBe(true);
});
