import { defineTrigger, type TriggerDefinition, transaction } from '@signalbox/engine';
import type pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { attachTriggers, findDrift } from '../packages/engine/src/capture/attach.ts';
import { onDatabase, onEveryDatabase } from './kit/databases.ts';
import type { TestDatabase } from './kit/test-database.ts';

const LONG = 'a_model_whose_name_is_much_longer_than_a_name_in_the_database_may_be';

function watch(model: string, table: string, more: Partial<TriggerDefinition> = {}): TriggerDefinition {
  return defineTrigger({
    model,
    table,
    label: model,
    events: { [`${model}_created`]: { on: 'create', description: '' } },
    schema: {},
    sample: {},
    payload: async (_, events) => events.map(() => ({})),
    ...more,
  });
}

interface Captured {
  record_id: string;
  operation: string;
  old: Record<string, unknown> | null;
  new: Record<string, unknown>;
}

function on(database: TestDatabase) {
  const pool = database.pool as never;
  const sql = async <Row = Record<string, unknown>>(text: string, values: unknown[] = []) =>
    (await (database.pool as pg.Pool).query({ text, values })).rows as Row[];
  return {
    sql,
    /** Runs DDL, attaches, and forgets what was captured before. */
    async table(ddl: string, ...triggers: TriggerDefinition[]) {
      await sql('drop schema if exists host cascade');
      await sql('create schema host');
      for (const statement of ddl.split(';')) if (statement.trim()) await sql(statement);
      await attachTriggers(pool, triggers);
      expect(await findDrift(pool, triggers)).toEqual([]);
      await sql('delete from integration_changes');
    },
    /** What the statements captured: `['insert 1', 'update 1']`. */
    async captured(...statements: string[]) {
      for (const statement of statements) await sql(statement);
      return (await sql<Captured>('delete from integration_changes returning *, id as n'))
        .toSorted(
          (a, b) => Number((a as unknown as { n: string }).n) - Number((b as unknown as { n: string }).n),
        )
        .map((row) => `${row.operation} ${row.record_id}`);
    },
  };
}

onEveryDatabase('capture', (open) => {
  let database: TestDatabase;
  let host: ReturnType<typeof on>;
  beforeAll(async () => {
    database = await open();
    host = on(database);
  });

  test('models with names longer than the database allows are captured each by themselves', async () => {
    await host.table(
      'create table host.a (id int primary key, tenant_id int, v int); create table host.b (id int primary key, tenant_id int, v int)',
      watch(`${LONG}_a`, 'host.a'),
      watch(`${LONG}_b`, 'host.b'),
    );
    expect(
      await host.captured(
        'insert into host.a values (1, 1)',
        'insert into host.b values (2, 1)',
        'update host.a set v = 1',
        'update host.b set v = 1',
      ),
    ).toEqual(['insert 1', 'insert 2', 'update 1', 'update 2']);
  });

  test('tables, columns and keys with any name are captured whole', async () => {
    await host.table(
      'create table host."Work ""Items" ("The Key" int primary key, "Tenant" int, n text, o text, actor text, origin text, depth text, "select" int)',
      watch('odd', 'host."Work ""Items"', { key: 'The Key', tenant: 'Tenant' }),
    );
    await host.sql(`insert into host."Work ""Items" values (1, 7, 'n', 'o', 'a', 'b', 'c', 3)`);
    await host.sql(`update host."Work ""Items" set n = 'N'`);
    const rows = await host.sql<Captured & { tenant_id: string }>(
      'select * from integration_changes order by id',
    );
    const row = { 'The Key': 1, Tenant: 7, n: 'n', o: 'o', actor: 'a', origin: 'b', depth: 'c', select: 3 };
    expect(rows.map((r) => [r.tenant_id, r.record_id, r.old, r.new])).toEqual([
      ['7', '1', null, row],
      ['7', '1', row, { ...row, n: 'N' }],
    ]);
  });

  test('columns of types without an equality are compared, and an update that changes none captures nothing', async () => {
    await host.table(
      `create domain host.doc as json;
       create type host.pair as (a json, b point);
       create table host.t (id int primary key, tenant_id int, j json, js json[], d host.doc, p point, c host.pair,
         b box, tags text[], total int generated always as (id * 2) stored)`,
      watch('typed', 'host.t'),
    );
    await host.sql(
      `insert into host.t (id, tenant_id, j, js, d, p, c, b, tags) values
       (1, 1, '{"a":1}', array['1'::json], '{}', '(1,2)', row('{}', '(0,0)'), '(0,0),(2,2)', '{a,b}')`,
    );
    expect(await host.captured('select 1')).toEqual(['insert 1']);
    expect(await host.captured('update host.t set j = j, js = js, d = d, p = p, c = c, b = b')).toEqual([]);
    for (const change of [
      `j = '{"a":2}'`,
      `js = array['2'::json]`,
      `d = '[]'`,
      `p = '(1,3)'`,
      `c = row('{}', '(0,1)')`,
      // the same area, which is what = compares
      `b = '(1,1),(3,3)'`,
      `tags = '{a,c}'`,
    ]) {
      expect(await host.captured(`update host.t set ${change}`), change).toEqual(['update 1']);
    }
  });

  test('insert on conflict, merge, a view and a change of key are captured for what they do', async () => {
    await host.table(
      `create table host.t (id int primary key, tenant_id int, v text);
       create view host.visible as select id, tenant_id, v from host.t where v is distinct from 'hidden'`,
      watch('written', 'host.t'),
    );
    expect(
      await host.captured(
        "insert into host.t values (1, 1, 'a'), (2, 1, 'b')",
        "insert into host.t values (2, 1, 'c'), (3, 1, 'd') on conflict (id) do update set v = excluded.v",
      ),
    ).toEqual(['insert 1', 'insert 2', 'update 2', 'insert 3']);
    expect(
      await host.captured(
        `merge into host.t using (values (3, 'e'), (4, 'f')) as s(id, v) on t.id = s.id
         when matched then update set v = s.v when not matched then insert values (s.id, 1, s.v)`,
      ),
    ).toEqual(expect.arrayContaining(['update 3', 'insert 4']));
    expect(await host.captured("update host.visible set v = 'g' where id = 1")).toEqual(['update 1']);
    expect(await host.captured('update host.t set id = 100 where id = 1')).toEqual(['insert 100']);
  });

  test('a partitioned table is captured through the table, through a partition, and across partitions', async () => {
    await host.table(
      `create table host.t (id int, tenant_id int, region int, v int, primary key (id, region)) partition by list (region);
       create table host.t1 partition of host.t for values in (1);
       create table host.t2 partition of host.t for values in (2)`,
      watch('parted', 'host.t'),
    );
    expect(await host.captured('insert into host.t values (1, 1, 1), (2, 1, 2)')).toEqual([
      'insert 1',
      'insert 2',
    ]);
    expect(await host.captured('insert into host.t1 values (3, 1, 1)')).toEqual(['insert 3']);
    expect(await host.captured('update host.t1 set v = 5 where id = 3')).toEqual(['update 3']);
    expect(await host.captured('update host.t set v = 6')).toHaveLength(3);
    expect(await host.captured('update host.t set region = 2 where id = 1')).toEqual(['update 1']);
    await host.sql('create table host.t3 partition of host.t for values in (3)');
    const triggers = [watch('parted', 'host.t')];
    expect((await findDrift(database.pool as never, triggers))[0]?.problem).toMatch(/missing on "host"."t3"/);
    await attachTriggers(database.pool as never, triggers);
    expect(await findDrift(database.pool as never, triggers)).toEqual([]);
  });

  test('a bulk update takes time in proportion to its rows', async () => {
    await host.table(
      'create table host.t (id int primary key, tenant_id int, v int)',
      watch('bulk', 'host.t'),
    );
    await host.sql('insert into host.t select n, 1, 0 from generate_series(1, 50000) n');
    await host.sql('update host.t set v = 1 where id = 1'); // the plan is made and cached for one row
    const from = performance.now();
    await host.sql('update host.t set v = v + 1');
    // nested loops over 50,000 rows twice would take minutes
    expect(performance.now() - from).toBeLessThan(15_000);
    const [row] = await host.sql<{ n: string }>(
      "select count(*) as n from integration_changes where operation = 'update'",
    );
    expect(Number(row!.n)).toBe(50_001);
  });

  test('two triggers on one table are refused, and an undeclared one is detached', async () => {
    const one = watch('one', 'host.t');
    await host.table('create table host.t (id int primary key, tenant_id int, v int)', one);
    const pool = database.pool as never;
    await expect(attachTriggers(pool, [one, watch('two', 'host.t')])).rejects.toThrow(
      /"one" and "two" watch the same table/,
    );
    expect(await attachTriggers(pool, [])).toEqual(['one']);
    expect(await host.captured('insert into host.t values (1, 1)')).toEqual([]);
  });
});

onDatabase('postgres', 'capture of other writers', (open) => {
  test('a writer without rights on the outbox and with a hostile search_path is captured all the same', async () => {
    const database = await open();
    const host = on(database);
    const role = `writer_${Math.random().toString(36).slice(2, 8)}`;
    await host.table(
      `create table host.t (id int primary key, tenant_id int, v int);
       create role ${role};
       create schema evil authorization ${role};
       grant usage on schema host to ${role};
       grant select, insert, update on host.t to ${role}`,
      watch('guarded', 'host.t'),
    );
    try {
      await transaction(database.pool as never, async (tx) => {
        await tx.query({ text: `set local role ${role}` });
        await tx.query({
          text: `create function evil.to_json(host.t) returns json language sql as $$ select '{"forged":true}'::json $$`,
        });
        await tx.query({ text: 'create table evil.integration_changes (id int)' });
        await tx.query({
          text: `create function evil.never(int, int) returns boolean language sql as 'select false'`,
        });
        await tx.query({
          text: 'create operator evil.= (leftarg = int, rightarg = int, function = evil.never)',
        });
        await tx.query({ text: 'set local search_path = evil, pg_catalog' });
        await tx.query({ text: 'insert into host.t values (1, 1)' });
        await tx.query({ text: 'update host.t set v = 2' });
      });
      const rows = await host.sql<Captured>('select * from integration_changes order by id');
      expect(rows.map((row) => row.new)).toEqual([
        { id: 1, tenant_id: 1, v: null },
        { id: 1, tenant_id: 1, v: 2 },
      ]);
      // nor may the writer hang the function on a table of its own, and so write what events it likes
      await expect(
        transaction(database.pool as never, async (tx) => {
          await tx.query({ text: `set local role ${role}` });
          await tx.query({ text: 'create table evil.t (id int, tenant_id int)' });
          await tx.query({
            text: `create trigger forge after insert on evil.t referencing new table as new_rows
                   for each statement execute function public.signalbox_capture_guarded_insert()`,
          });
        }),
      ).rejects.toThrow(/permission denied for function/);
    } finally {
      await host.sql(`drop owned by ${role}`);
      await host.sql(`drop role ${role}`);
    }
  });

  test('COPY is captured, citext is seen to change, and a row of another key type is found', async () => {
    const database = await open();
    const host = on(database);
    await host.sql('create extension if not exists citext');
    await host.table(
      'create table host.t (id citext primary key, tenant_id int, email citext)',
      watch('copied', 'host.t'),
    );
    expect(await host.captured(`copy host.t from program 'printf "a\\t1\\tx\\nb\\t1\\ty\\n"'`)).toEqual([
      'insert a',
      'insert b',
    ]);
    expect(await host.captured("update host.t set email = 'X' where id = 'a'")).toEqual(['update a']);
  });
});
