import { type CapturedChange, createCatalogue, type Queryable } from '@signalbox/engine';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { onEveryDatabase } from '../../../../tests/kit/databases.ts';
import { customerPayload, customerTrigger } from './customer.ts';
import { money, time } from './format.ts';
import { triggers } from './index.ts';
import { taskPayload, taskTrigger } from './task.ts';
import { workItemTrigger } from './work-item.ts';

/** The original's document, whose receivers read these keys. */
const DOCUMENTED = {
  id: 123,
  reference_id: 'RMA-123',
  description: 'iPhone screen repair',
  status: 'New',
  type: 'Chargeable Repair',
  priority: 'Standard',
  created_date: '2025-11-05T20:30:00Z',
  due_date: '2025-11-08T20:30:00Z',
  customer: { id: 45, name: 'John Doe', email: 'john@example.com' },
  owner: { id: 10, name: 'Jane Smith' },
  technician: { id: 12, name: 'Bob Tech' },
  customer_asset: { id: 67, name: 'iPhone 13 Pro' },
  estimated_price: '150.00',
  final_price: null,
  dropoff_point: { id: 5, name: 'Main Store' },
  intake_method: 'walk_in',
  comments: 'Customer reported cracked screen',
};

describe('trigger declarations', () => {
  const catalogue = createCatalogue(triggers);
  test.each(triggers.map((trigger) => [trigger.model, trigger] as const))(
    'the sample of %s is valid for its schema, and all its events are in the catalogue',
    (model, { schema, sample, events }) => {
      expect(z.fromJSONSchema(schema as never).parse(sample)).toEqual(sample);
      expect(Object.keys(events)).not.toEqual([]);
      for (const name of Object.keys(events)) expect(catalogue.find(name)).toMatchObject({ name, model });
    },
  );

  test('the work item’s sample is the documented example', () => {
    expect(workItemTrigger.sample).toEqual({ workitem: DOCUMENTED });
  });

  test('money keeps its two decimals over the whole range of its column', () => {
    const values = ['150.00', '0.00', '0.10', '0.07', '1.10', '9999999999.99', '9007199254.99'];
    expect(values.map((text) => money(JSON.parse(text)))).toEqual(values);
  });

  test('times are RFC 3339 in UTC, without a fraction that is nought', () => {
    expect(time('2025-11-05T20:30:00+00:00')).toBe('2025-11-05T20:30:00Z');
    expect(time('2025-11-05T21:30:00.123456+01:00')).toBe('2025-11-05T20:30:00.123Z');
    expect(time('infinity')).toBe('infinity');
  });
});

onEveryDatabase('payloads', (open) => {
  let db: Queryable;

  beforeAll(async () => {
    db = (await open()).pool as unknown as Queryable;
  });

  test('a work item’s payload is built from the committed row, key by key, with one query a table', async () => {
    const sql = async (text: string) => (await db.query({ text })).rows as Record<string, never>[];
    await sql(`insert into tenants (id, slug, name) overriding system value values (1, 'acme', 'Acme Corp')`);
    await sql(
      `insert into customers (id, tenant_id, name, email) overriding system value values (45, 1, 'John Doe', 'john@example.com')`,
    );
    await sql(
      `insert into employees (id, tenant_id, name) overriding system value values (10, 1, 'Jane Smith'), (12, 1, 'Bob Tech')`,
    );
    await sql(
      `insert into assets (id, tenant_id, name, customer_id) overriding system value values (67, 1, 'iPhone 13 Pro', 45)`,
    );
    await sql(
      `insert into locations (id, tenant_id, name) overriding system value values (5, 1, 'Main Store')`,
    );
    await sql(`insert into work_items (id, tenant_id, reference_id, description, created_date, due_date, customer_id,
        owner_id, technician_id, customer_asset_id, estimated_price, dropoff_point_id, comments)
      overriding system value values (123, 1, 'RMA-123', 'iPhone screen repair', '2025-11-05T20:30:00Z',
        '2025-11-08T20:30:00Z', 45, 10, 12, 67, 150, 5, 'Customer reported cracked screen')`);
    const before = await row(db, 'work_items');
    await sql(
      `update work_items set technician_id = 10, final_price = 149.9, due_date = null, status = 'Ready'`,
    );
    const after = await row(db, 'work_items');

    const queries: string[] = [];
    const counting: Queryable = {
      query: (statement) => {
        queries.push(statement.text);
        return db.query(statement);
      },
    };
    const created = change(before, null, []);
    const payloads = await workItemTrigger.payload(
      counting,
      Array.from({ length: 50 }, () => created),
    );
    expect(payloads).toHaveLength(50);
    expect(payloads[49]).toEqual({ workitem: DOCUMENTED });
    expect(Object.keys(payloads[0]!.workitem as object)).toEqual(Object.keys(DOCUMENTED));
    expect(queries).toHaveLength(4);

    const updated = change(after, before, ['technician_id', 'final_price', 'due_date', 'status']);
    expect(await workItemTrigger.changes!(db, [updated])).toEqual([
      {
        technician: { old: { id: 12, name: 'Bob Tech' }, new: { id: 10, name: 'Jane Smith' } },
        final_price: { old: null, new: '149.90' },
        due_date: { old: '2025-11-08T20:30:00Z', new: null },
        status: { old: 'New', new: 'Ready' },
      },
    ]);

    const customer = await customerTrigger.payload(db, [change(await row(db, 'customers'), null, [])]);
    expect(customerPayload.parse(customer[0])).toEqual(customer[0]);
    await sql(
      `insert into tasks (tenant_id, title, work_item_id, assignee_id) values (1, 'Order it', 123, 12)`,
    );
    const task = await taskTrigger.payload(db, [change(await row(db, 'tasks'), null, [])]);
    expect(taskPayload.parse(task[0])).toMatchObject({
      task: {
        reference_id: 'T-1',
        assignee: { id: 12, name: 'Bob Tech' },
        workitem: { id: 123, reference_id: 'RMA-123' },
      },
    });
  });
});

type Captured = Record<string, unknown>;

async function row(db: Queryable, table: string): Promise<Captured> {
  const { rows } = await db.query<{ row: Captured }>({
    text: `select to_json(t) as row from ${table} t limit 1`,
  });
  return rows[0]!.row;
}

function change(after: Captured, before: Captured | null, changed: string[]): CapturedChange {
  const operation = before ? 'update' : 'insert';
  return {
    tenantId: '1',
    recordId: '1',
    operation,
    new: after,
    old: before,
    changed,
    occurredAt: new Date(),
  };
}
