import type { Queryable } from '@signalbox/engine';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { onDatabase, onEveryDatabase } from '../../../../tests/kit/databases.ts';
import { type SyncOutcome, writeOutcomeNotes } from './notes.ts';

onDatabase('postgres', 'reference ids', (open) => {
  test('are unique per tenant under concurrent inserts, step over imported ones, and wait for nobody', async () => {
    const { url } = await open();
    const pools = [1, 2].map(() => new pg.Pool({ connectionString: url, max: 5 }));
    try {
      const [a, b] = pools as [pg.Pool, pg.Pool];
      await a.query(`insert into tenants (slug, name) values ('a', 'A'), ('b', 'B')`);
      await a.query(`insert into work_items (tenant_id, reference_id) values (1, 'RMA-10'), (1, 'RMA-11')`);

      // A writer that has not committed yet holds nobody up.
      const slow = await a.connect();
      await slow.query('begin');
      const { rows: held } = await slow.query(
        `insert into work_items (tenant_id) values (1) returning reference_id`,
      );
      const insert = `insert into work_items (tenant_id) values ($1) returning reference_id`;
      const made = await Promise.all(
        Array.from({ length: 50 }, (_, n) => (n % 2 ? a : b).query<{ reference_id: string }>(insert, [1])),
      );
      await slow.query('rollback');
      slow.release();

      const ids = made.map(({ rows }) => rows[0]!.reference_id);
      expect(new Set(ids).size).toBe(50);
      expect(ids.every((id) => /^RMA-\d+$/.test(id))).toBe(true);
      expect(ids).not.toContain(held[0].reference_id);
      const other = await b.query(insert, [2]);
      expect(other.rows).toEqual([{ reference_id: 'RMA-1' }]);
    } finally {
      for (const pool of pools) await pool.end();
    }
  });
});

onEveryDatabase('host tables', (open) => {
  let db: Queryable;

  beforeAll(async () => {
    db = (await open()).pool as unknown as Queryable;
  });

  test('updated_at moves with a change only, deleting a tenant takes its numbering along, and notes are upserted', async () => {
    const sql = async (text: string, values: unknown[] = []) => (await db.query({ text, values })).rows;
    await sql(`insert into tenants (slug, name) values ('a', 'A'), ('b', 'B')`);
    await sql(`insert into customers (tenant_id, name, updated_at) values (1, 'x', '2020-01-01')`);
    await sql(`update customers set name = name`);
    expect(await sql(`select updated_at::date::text as day from customers`)).toEqual([{ day: '2020-01-01' }]);
    await sql(`update customers set name = 'y'`);
    expect(await sql(`select 1 from customers where updated_at > now() - interval '1 minute'`)).toHaveLength(
      1,
    );

    await sql(`delete from tenants where id = 2`);
    expect(await sql(`select 1 from pg_class where relname = 'work_item_reference_2'`)).toEqual([]);

    const outcome: SyncOutcome = {
      tenantId: '1',
      model: 'customer',
      recordId: '1',
      syncId: 7,
      integrationName: 'Production n8n',
      eventType: 'customer_created',
      outcome: 'failed',
      explanation: 'it answered 500',
    };
    await writeOutcomeNotes(db, [
      outcome,
      { ...outcome, recordId: 'a-uuid', syncId: 8 },
      { ...outcome, tenantId: '99', syncId: 9 },
    ]);
    await writeOutcomeNotes(db, [{ ...outcome, explanation: 'it answered 502' }]);
    await writeOutcomeNotes(db, [{ ...outcome, outcome: 'synced', explanation: null }]);
    expect(await sql(`select body, author_id, sync_id::int from notes order by id`)).toEqual([
      {
        body: '✗ Production n8n did not receive customer_created: it answered 502',
        author_id: null,
        sync_id: 7,
      },
      { body: '✓ Production n8n received customer_created', author_id: null, sync_id: 7 },
    ]);
  });
});
