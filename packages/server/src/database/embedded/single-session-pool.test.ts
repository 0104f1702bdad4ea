import { Kysely, PostgresDialect } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBlank } from '../../../../../tests/kit/embedded-template.ts';
import type { EmbeddedDatabase, EmbeddedPool } from './index.ts';

let database: EmbeddedDatabase;
let pool: EmbeddedPool;

beforeAll(async () => {
  database = await openBlank({ acquireTimeoutMs: 300 });
  pool = database.pool;
  await pool.query('create table things (id int primary key, name text)');
});
afterAll(() => database.close());

test.each([
  ['a syntax error', 'selec 1', '42601'],
  ['an error while rows are sent', 'select 1 / (50000 - n) from generate_series(1, 60000) n', '22012'],
  ['an error in a batch of statements', 'begin; select 1/0; commit', '22012'],
  ['an exception of a function', `do $$ begin raise exception 'no' using errcode = 'P0042'; end $$`, 'P0042'],
  ['COPY FROM STDIN, which is not supported', 'copy things from stdin', '57014'],
  ['a violated constraint', 'insert into things values (1), (1)', '23505'],
])('after %s the pool works as before', async (_title, sql, code) => {
  await expect(pool.query(sql)).rejects.toMatchObject({ code });
  expect((await pool.query('select $1::int as n', [7])).rows).toEqual([{ n: 7 }]);
});

test('after a value that a named statement cannot take, the statement works', async () => {
  const statement = (value: string) => ({ name: 'as-int', text: 'select $1::int as n', values: [value] });
  expect((await pool.query(statement('1'))).rows).toEqual([{ n: 1 }]);
  await expect(pool.query(statement('x'))).rejects.toMatchObject({ code: '22P02' });
  expect((await pool.query(statement('2'))).rows).toEqual([{ n: 2 }]);
});

test('a named statement is prepared once', async () => {
  for (let n = 0; n < 3; n++) await pool.query({ name: 'once', text: 'select $1::int', values: [n] });
  const { rows } = await pool.query(
    `select generic_plans + custom_plans as uses from pg_prepared_statements where name = 'once'`,
  );
  expect(rows).toEqual([{ uses: '3' }]);
});

test('pool.query awaited inside a transaction is refused with its cause, and the transaction goes on', async () => {
  const connection = await pool.connect();
  await connection.query('begin');
  await connection.query(`insert into things values (10, 'kept')`);
  const nested = pool.query('select 1');
  await expect(nested).rejects.toMatchObject({ code: 'session_busy' });
  await expect(nested).rejects.toThrow(
    /pool\.query\(\) awaited inside a transaction.*insert into things values \(10/,
  );
  await connection.query('commit');
  connection.release();
  expect((await pool.query('select name from things where id = 10')).rows).toEqual([{ name: 'kept' }]);
});

test.each(['open', 'aborted'])('a connection released in an %s transaction is rolled back', async (state) => {
  const connection = await pool.connect();
  await connection.query('begin');
  await connection.query('insert into things values (20)');
  if (state === 'aborted') await connection.query('select 1/0').catch(() => {});
  connection.release();
  expect((await pool.query('select id from things where id = 20')).rows).toEqual([]);
});

test('a connection released with an error leaves no settings, temporary tables or statements behind', async () => {
  const connection = await pool.connect();
  await connection.query(`set application_name = 'left behind'`);
  await connection.query('create temporary table scratch (id int)');
  connection.release(new Error('broken'));
  const { rows } = await pool.query(
    `select current_setting('application_name') as name, to_regclass('scratch') as scratch`,
  );
  expect(rows).toEqual([{ name: '', scratch: null }]);
});

test('a released connection refuses queries, and a second release', async () => {
  const connection = await pool.connect();
  connection.release();
  await expect(connection.query('select 1')).rejects.toThrow('was released');
  expect(() => connection.release()).toThrow('already been released');
});

test('callers get the session in the order they asked', async () => {
  const order: number[] = [];
  await Promise.all([1, 2, 3, 4].map((n) => pool.query('select 1').then(() => order.push(n))));
  expect(order).toEqual([1, 2, 3, 4]);
});

test('queries issued together on one connection run in order', async () => {
  const connection = await pool.connect();
  const results = await Promise.allSettled([
    connection.query('select 1 as n'),
    connection.query('select 1/0'),
    connection.query('select 3 as n'),
  ]);
  connection.release();
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('answers and values of many megabytes pass whole', async () => {
  const { rows } = await pool.query(`select length($1) as sent, repeat('é', 4000000) as received`, [
    'é'.repeat(4e6),
  ]);
  expect(rows[0].sent).toBe(4_000_000);
  expect(rows[0].received).toBe('é'.repeat(4_000_000));
});

test('timers keep firing while queries run', async () => {
  let longestGapMs = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
  }, 5);
  const slow = pool.query('select count(*) from generate_series(1, 3000000) n where sqrt(n) > 3');
  const before = performance.now();
  await slow;
  const slowMs = performance.now() - before;
  for (let n = 0; n < 500; n++) await pool.query('select $1::int', [n]);
  clearInterval(timer);
  expect(slowMs).toBeGreaterThan(200); // else it shows nothing
  expect(longestGapMs).toBeLessThan(slowMs / 2); // in one thread it would be all of it
});

test('Kysely runs on it, transactions included', async () => {
  const db = new Kysely<{ things: { id: number; name: string | null } }>({
    dialect: new PostgresDialect({ pool: pool as never }),
  });
  await db.transaction().execute(async (tx) => {
    await tx.insertInto('things').values({ id: 30, name: 'k' }).execute();
  });
  const failing = db.transaction().execute(async (tx) => {
    await tx.insertInto('things').values({ id: 31, name: 'k' }).execute();
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  const rows = await db.selectFrom('things').selectAll().where('name', '=', 'k').execute();
  expect(rows).toEqual([{ id: 30, name: 'k' }]);
});

test('closing lets those who wait finish, and refuses those who come after', async () => {
  const other = await openBlank();
  const waiting = [other.pool.query('select 1 as n'), other.pool.query('select 2 as n')];
  const closed = other.close();
  await expect(other.pool.query('select 3')).rejects.toMatchObject({ code: 'database_closed' });
  const results = await Promise.all(waiting);
  expect(results.map(({ rows }) => rows[0].n)).toEqual([1, 2]);
  await closed;
  await expect(other.pool.query('select 3')).rejects.toMatchObject({ code: 'database_closed' });
});
