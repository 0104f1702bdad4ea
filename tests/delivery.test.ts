import { randomUUID } from 'node:crypto';
import { transaction } from '@signalbox/engine';
import { Webhook } from 'standardwebhooks';
import { beforeAll, expect, test } from 'vitest';
import type { Message } from '../packages/server/src/inbox/mailbox.ts';
import { onDatabase, onEveryDatabase } from './kit/databases.ts';
import { createRig, type Rig } from './kit/rig.ts';
import type { TestDatabase } from './kit/test-database.ts';

const eventsOf = (messages: Message[]) => messages.map((message) => JSON.parse(message.body));
const typesOf = (messages: Message[]) => eventsOf(messages).map((event) => event.event_type);

async function workItem(rig: Rig, tenant: number, description = 'Cracked screen'): Promise<number> {
  const [row] = await rig.sql<{ id: string }>(
    'insert into work_items (tenant_id, description) values ($1, $2) returning id',
    [tenant, description],
  );
  return Number(row!.id);
}

onEveryDatabase('delivery', (open) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });

  test('a created record reaches every active integration of its tenant that wants the event, and no other', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    const other = await rig.tenant();
    await rig.integration(acme, { inbox: 'a' });
    await rig.integration(acme, { inbox: 'b' });
    await rig.integration(acme, { inbox: 'off', isActive: false });
    await rig.integration(acme, { inbox: 'tasks', eventTypes: ['task_created'] });
    await rig.integration(other, { inbox: 'other' });
    const [customer] = await rig.sql<{ id: string }>(
      "insert into customers (tenant_id, name, email) values ($1, 'John Doe', 'john@example.com') returning id",
      [acme],
    );
    rig.start();
    const [item] = await rig.sql<{ id: string; created_date: Date }>(
      `insert into work_items (tenant_id, description, customer_id, estimated_price, due_date)
       values ($1, 'iPhone screen repair', $2, 150, '2025-11-08T20:30:00Z') returning id, created_date`,
      [acme, customer!.id],
    );
    rig.engine.wake();
    const [, event] = eventsOf(await rig.received('a', 2));
    await rig.received('b', 2);
    await rig.idle();
    for (const inbox of ['off', 'tasks', 'other']) expect(await rig.received(inbox, 0)).toEqual([]);
    expect(event).toEqual({
      event_type: 'workitem_created',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
      tenant: { id: acme, name: `Shop ${acme}` },
      workitem: {
        id: Number(item!.id),
        reference_id: 'RMA-1',
        description: 'iPhone screen repair',
        status: 'New',
        type: 'Chargeable Repair',
        priority: 'Standard',
        created_date: expect.stringMatching(/Z$/),
        due_date: '2025-11-08T20:30:00Z',
        customer: { id: Number(customer!.id), name: 'John Doe', email: 'john@example.com' },
        owner: null,
        technician: null,
        customer_asset: null,
        estimated_price: '150.00',
        final_price: null,
        dropoff_point: null,
        intake_method: 'walk_in',
        comments: null,
      },
      event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sequence: expect.any(Number),
      actor: null,
    });
  });

  test('a status change raises workitem_status_changed with old and new, and workitem_updated', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    await rig.integration(acme);
    rig.start();
    const id = await workItem(rig, acme);
    await rig.sql("update work_items set status = 'In Progress' where id = $1", [id]);
    const events = eventsOf(await rig.received('main', 3));
    expect(events.map((event) => event.event_type)).toEqual([
      'workitem_created',
      'workitem_status_changed',
      'workitem_updated',
    ]);
    expect(events[0].changes).toBeUndefined();
    for (const event of events.slice(1)) {
      expect(event.changes).toEqual({ status: { old: 'New', new: 'In Progress' } });
      expect(event.workitem.status).toBe('In Progress');
    }
    expect(events.map((event) => event.sequence)).toEqual(events.map((event) => event.sequence).toSorted());
  });

  test('ten edits deliver ten updates, and a save that changes nothing delivers nothing', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    await rig.integration(acme);
    rig.start();
    const id = await workItem(rig, acme);
    for (let n = 1; n <= 10; n++) {
      await rig.sql('update work_items set comments = $2 where id = $1', [id, `edit ${n}`]);
      await rig.sql('update work_items set comments = $2 where id = $1', [id, `edit ${n}`]);
      await rig.sql('update work_items set updated_at = now() where id = $1', [id]);
    }
    const events = eventsOf(await rig.received('main', 11));
    await rig.idle();
    expect(await rig.received('main', 0)).toHaveLength(11);
    expect(events.slice(1).map((event) => event.changes.comments.new)).toEqual(
      Array.from({ length: 10 }, (_, index) => `edit ${index + 1}`),
    );
  });

  test('created is raised once for a record, ever, also when its row is inserted again', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    await rig.integration(acme);
    rig.start();
    const id = await workItem(rig, acme);
    await rig.received('main', 1);
    for (let n = 0; n < 2; n++) {
      await rig.sql('delete from work_items where id = $1', [id]);
      await rig.sql(
        `insert into work_items (id, tenant_id, description) overriding system value values ($1, $2, 'again')`,
        [id, acme],
      );
    }
    await rig.sql("update work_items set comments = 'still there' where id = $1", [id]);
    await rig.received('main', 2);
    await rig.idle();
    expect(typesOf(await rig.received('main', 0))).toEqual(['workitem_created', 'workitem_updated']);
  });

  test('a rolled-back transaction delivers nothing, also not a part of it', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    await rig.integration(acme);
    rig.start();
    await expect(
      transaction(rig.pool, async (tx) => {
        await tx.query({ text: 'insert into work_items (tenant_id) values ($1)', values: [acme] });
        await rig.engine.emit(tx, {
          tenantId: String(acme),
          eventType: 'workitem_updated',
          model: 'work_item',
          recordId: '1',
          payload: {},
        });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await workItem(rig, acme, 'this one counts');
    await rig.received('main', 1);
    await rig.idle();
    expect(eventsOf(await rig.received('main', 0)).map((event) => event.workitem.description)).toEqual([
      'this one counts',
    ]);
  });

  test('a bulk update of 1,000 rows by SQL delivers 1,000 updates', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    await rig.sql(
      'insert into work_items (tenant_id, description) select $1, n::text from generate_series(1, 1000) n',
      [acme],
    );
    await rig.sql('delete from integration_changes');
    await rig.integration(acme, { eventTypes: ['workitem_status_changed'] });
    rig.start();
    await rig.sql("update work_items set status = 'In Progress' where tenant_id = $1", [acme]);
    const events = eventsOf(await rig.received('main', 1_000));
    expect(new Set(events.map((event) => event.workitem.id)).size).toBe(1_000);
    expect(new Set(events.map((event) => event.event_id)).size).toBe(1_000);
    expect(events.every((event) => event.changes.status.old === 'New')).toBe(true);
  });

  test('the signature verifies with the official library, and the event id is the webhook id', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    const secret = `whsec_${Buffer.from(randomUUID()).toString('base64')}`;
    await rig.integration(acme, { signing: { type: 'standard-webhooks', secret } });
    rig.start();
    await workItem(rig, acme, 'Żółć — “quoted” 🔧');
    const [message] = await rig.received('main', 1);
    const verified = new Webhook(secret).verify(message!.body, message!.headers) as { event_id: string };
    expect(verified.event_id).toBe(message!.headers['webhook-id']);
  });

  test('what an integration wrote through its own key does not come back to it', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    const origin = await rig.integration(acme, { inbox: 'origin' });
    await rig.integration(acme, { inbox: 'other' });
    rig.start();
    await transaction(rig.pool, async (tx) => {
      await rig.engine.setContext(tx, {
        actor: { type: 'api_key', id: 7, name: 'n8n' },
        originIntegrationId: origin,
      });
      await tx.query({ text: 'insert into work_items (tenant_id) values ($1)', values: [acme] });
    });
    rig.engine.wake();
    const [event] = eventsOf(await rig.received('other', 1));
    await rig.idle();
    expect(event.actor).toEqual({ type: 'api_key', id: 7, name: 'n8n' });
    expect(await rig.received('origin', 0)).toEqual([]);
  });

  test('a filter decides which events become syncs', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    await rig.integration(acme, { filter: { 'changes.status.new': 'Ready' } });
    rig.start();
    const id = await workItem(rig, acme);
    for (const status of ['In Progress', 'Ready', 'Completed']) {
      await rig.sql('update work_items set status = $2 where id = $1', [id, status]);
    }
    const events = eventsOf(await rig.received('main', 2));
    await rig.idle();
    expect(await rig.received('main', 0)).toHaveLength(2);
    expect(events.map((event) => event.workitem.status)).toEqual(['Ready', 'Ready']);
  });

  test('tasks and customers raise their own events', async () => {
    const rig = await createRig(database);
    const acme = await rig.tenant();
    await rig.integration(acme);
    rig.start();
    const [task] = await rig.sql<{ id: string }>(
      "insert into tasks (tenant_id, title) values ($1, 'Order the screen') returning id",
      [acme],
    );
    await rig.sql("update tasks set status = 'Done' where id = $1", [task!.id]);
    const [customer] = await rig.sql<{ id: string }>(
      "insert into customers (tenant_id, name) values ($1, 'Ann') returning id",
      [acme],
    );
    await rig.sql("update customers set name = 'Anna' where id = $1", [customer!.id]);
    const types = typesOf(await rig.received('main', 5));
    expect(types.toSorted()).toEqual([
      'customer_created',
      'customer_updated',
      'task_created',
      'task_status_changed',
      'task_updated',
    ]);
  });

  test('a payload that cannot be built holds up its own record only, and is delivered once it can', async () => {
    const broken = { on: true };
    const { triggers } = await import('../packages/server/src/triggers/index.ts');
    const rig = await createRig(database, {
      triggers: triggers.map((trigger) => ({
        ...trigger,
        payload: async (db, events) => {
          if (
            broken.on &&
            events.some((event) => (event.new as { description?: string }).description === 'poison')
          ) {
            throw new Error('cannot build this one');
          }
          return trigger.payload(db, events);
        },
      })),
    });
    const acme = await rig.tenant();
    await rig.integration(acme);
    rig.start();
    await workItem(rig, acme, 'before');
    const poison = await workItem(rig, acme, 'poison');
    await rig.sql("update work_items set comments = 'later' where id = $1", [poison]);
    await workItem(rig, acme, 'after');
    await rig.received('main', 2);
    expect(eventsOf(await rig.received('main', 0)).map((event) => event.workitem.description)).toEqual([
      'before',
      'after',
    ]);
    broken.on = false;
    await rig.sql('update integration_changes set retry_at = now() where retry_at is not null');
    expect(typesOf(await rig.received('main', 4)).slice(2)).toEqual(['workitem_created', 'workitem_updated']);
  });
});

onDatabase('postgres', 'two workers', (open) => {
  test('share the work and deliver each event once', async () => {
    const database = await open();
    const one = await createRig(database);
    const two = await createRig(database, {});
    const acme = await one.tenant();
    await one.integration(acme);
    one.start();
    two.start();
    await one.sql('insert into work_items (tenant_id) select $1 from generate_series(1, 900)', [acme]);
    const events = eventsOf(await one.received('main', 900));
    await one.idle();
    expect(await one.received('main', 0)).toHaveLength(900);
    expect(new Set(events.map((event) => event.event_id)).size).toBe(900);
  });
});

onDatabase('postgres', 'saving an integration', (open) => {
  test('refuses a URL that deliveries would refuse, and says what is probably not meant', async () => {
    const rig = await createRig(await open());
    const tenant = await rig.tenant();
    for (const url of [
      'http://10.0.0.8/hook',
      'ftp://example.com',
      'https://user:pw@example.com/',
      'no url',
    ]) {
      await expect(rig.integration(tenant, { url })).rejects.toMatchObject({ field: 'url' });
    }
    expect((await rig.engine.integrations.list(String(tenant), {})).data).toEqual([]);
    const id = await rig.integration(tenant, {
      connector: 'n8n',
      url: 'https://n8n.example.com/webhook-test/x',
    });
    const saved = await rig.engine.integrations.get(String(tenant), id);
    expect(saved?.warnings.join(' ')).toMatch(/test URL/i);
  });
});
