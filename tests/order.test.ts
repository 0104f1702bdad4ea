import { createManualClock } from '@signalbox/engine';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { onEveryDatabase } from './kit/databases.ts';
import { createRig } from './kit/rig.ts';
import type { TestDatabase } from './kit/test-database.ts';

interface Event {
  event_type: string;
  sequence: number;
  workitem: { id: number; comments: string | null };
}

onEveryDatabase('order', (open) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });
  const fast = { type: 'exponential', baseMs: 5, factor: 1, capMs: 5, maxAttempts: 40 } as const;

  test('events of one record arrive in order although earlier ones are retried, and other records pass by', async () => {
    const clock = createManualClock(new Date());
    const rig = await createRig(database, { clock });
    const tenant = await rig.tenant();
    await rig.integration(tenant, { retryPolicy: { type: 'schedule', delaysMs: [60_000], jitter: 0 } });
    const [slow, quick] = (
      await rig.sql<{ id: string }>('insert into work_items (tenant_id) values ($1), ($1) returning id', [
        tenant,
      ])
    ).map((row) => Number(row.id));
    await rig.sql('delete from integration_changes');
    await rig.behave('main', { status: 503, times: 1 });
    rig.start();
    const edit = (id: number, comments: string) =>
      rig.sql('update work_items set comments = $2 where id = $1', [id, comments]);
    for (const comments of ['1', '2', '3']) await edit(slow!, comments);
    await rig.received('main', 1);
    for (const comments of ['1', '2', '3']) await edit(quick!, comments);
    await rig.received('main', 4);
    await rig.idle();
    // time stood still: the other record did not wait for the retry, and nothing overtook it in its own
    const arrivals = async () =>
      (await rig.received('main', 0)).map((message) => {
        const { workitem } = JSON.parse(message.body) as Event;
        return [workitem.id, workitem.comments];
      });
    expect(await arrivals()).toEqual([
      [slow, '1'],
      [quick, '1'],
      [quick, '2'],
      [quick, '3'],
    ]);
    clock.advance(60_000);
    rig.engine.wake();
    await rig.received('main', 7);
    expect((await arrivals()).slice(4)).toEqual([
      [slow, '1'],
      [slow, '2'],
      [slow, '3'],
    ]);
  });

  test('without ordering a later event does not wait for one that is retried', async () => {
    const rig = await createRig(database);
    const tenant = await rig.tenant();
    await rig.integration(tenant, { ordering: 'none', retryPolicy: { type: 'schedule', delaysMs: [300] } });
    const [item] = await rig.sql<{ id: string }>(
      'insert into work_items (tenant_id) values ($1) returning id',
      [tenant],
    );
    await rig.sql('delete from integration_changes');
    await rig.behave('main', { status: 503, times: 1 });
    rig.start();
    for (let n = 1; n <= 2; n++)
      await rig.sql('update work_items set comments = $2 where id = $1', [item!.id, `${n}`]);
    const events = (await rig.received('main', 3)).map((message) => JSON.parse(message.body) as Event);
    expect(events.map((event) => event.workitem.comments)).toEqual(['1', '2', '1']);
  });

  test('a lane goes on after one of its events has failed or was cancelled', async () => {
    const rig = await createRig(database);
    const tenant = await rig.tenant();
    const integration = await rig.integration(tenant, {
      retryPolicy: { type: 'schedule', delaysMs: [3_600_000] },
    });
    const [item] = await rig.sql<{ id: string }>(
      'insert into work_items (tenant_id) values ($1) returning id',
      [tenant],
    );
    await rig.behave('main', { status: 422, times: 1 });
    rig.start();
    await rig.received('main', 1);
    await rig.behave('main', { status: 503, times: 1 });
    await rig.sql("update work_items set comments = 'retried in an hour' where id = $1", [item!.id]);
    await rig.received('main', 2);
    await rig.sql("update work_items set comments = 'waits' where id = $1", [item!.id]);
    await rig.idle();
    const waiting = async () => (await rig.engine.syncs.list(String(tenant), { status: 'pending' })).data;
    while ((await waiting()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const [last, active] = await waiting();
    expect([active!.reason, last!.reason]).toEqual(['retrying', 'waiting']);
    await rig.engine.syncs.cancelPending(
      String(tenant),
      { integrationId: integration, reason: 'retrying' },
      'purged',
    );
    rig.engine.wake();
    const events = (await rig.received('main', 3)).map((message) => JSON.parse(message.body) as Event);
    expect(events[2]!.workitem.comments).toBe('waits');
  });

  test('latest state only: waiting updates of a record are superseded by a later one, and the audit says so', async () => {
    const clock = createManualClock(new Date());
    const rig = await createRig(database, { clock });
    const tenant = await rig.tenant();
    await rig.integration(tenant, {
      coalesce: true,
      eventTypes: ['workitem_created', 'workitem_updated'],
      retryPolicy: { type: 'schedule', delaysMs: [60_000], jitter: 0 },
    });
    const [item] = await rig.sql<{ id: string }>(
      'insert into work_items (tenant_id) values ($1) returning id',
      [tenant],
    );
    await rig.sql('delete from integration_changes');
    const edit = (comments: string) =>
      rig.sql('update work_items set comments = $2 where id = $1', [item!.id, comments]);
    await rig.behave('main', { status: 503, times: 1 });
    rig.start();
    await edit('1');
    await rig.received('main', 1); // '1' failed and would be retried in a minute
    await until(
      async () => (await rig.engine.syncs.list(String(tenant), {})).data[0],
      (sync) => sync?.reason === 'retrying',
    );
    for (const comments of ['2', '3', '4']) await edit(comments);
    rig.engine.wake();
    const messages = await rig.received('main', 2);
    await rig.idle();
    const last = (await rig.received('main', 0)).at(-1) ?? messages[1];
    expect((JSON.parse(last!.body) as Event).workitem.comments).toBe('4');
    const { data } = await rig.engine.syncs.list(String(tenant), {});
    expect(data[0]).toMatchObject({ status: 'synced' });
    expect(data.filter((sync) => sync.status === 'cancelled').map((sync) => sync.reason)).toContain(
      'superseded',
    );
    expect(data.find((sync) => sync.attempts === 1 && sync.status === 'cancelled')).toBeDefined();
    expect(data.some((sync) => sync.status === 'pending')).toBe(false);
  });

  test('whatever fails when, every event arrives, and each record in order', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ record: fc.integer({ min: 0, max: 3 }), alone: fc.boolean() }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 0, max: 15 }),
        async (edits, failures) => {
          const rig = await createRig(database);
          const tenant = await rig.tenant();
          const inbox = `order-${tenant}`;
          await rig.integration(tenant, { inbox, retryPolicy: fast });
          const ids = (
            await rig.sql<{ id: string }>(
              'insert into work_items (tenant_id) select $1 from generate_series(1, 4) returning id',
              [tenant],
            )
          ).map((row) => Number(row.id));
          await rig.sql('delete from integration_changes');
          if (failures > 0) await rig.behave(inbox, { status: 500, times: failures });
          const running = rig.start();
          const expected = new Map(ids.map((id) => [id, [] as string[]]));
          for (const [index, { record, alone }] of edits.entries()) {
            const id = ids[record]!;
            expected.get(id)!.push(`${index}`);
            const edit = rig.sql('update work_items set comments = $2 where id = $1', [id, `${index}`]);
            if (alone) rig.engine.wake();
            await edit;
          }
          rig.engine.wake();
          const messages = await rig.received(
            inbox,
            edits.length + Math.min(failures, edits.length > 0 ? failures : 0),
          );
          await running.stop();
          const delivered = messages
            .filter((message) => message.answer.status === 200)
            .map((message) => JSON.parse(message.body) as Event);
          for (const id of ids) {
            const own = delivered.filter((event) => event.workitem.id === id);
            expect(own.map((event) => event.workitem.comments)).toEqual(expected.get(id));
            expect(own.map((event) => event.sequence)).toEqual(
              own.map((event) => event.sequence).toSorted((a, b) => a - b),
            );
          }
          const [lanes] = await rig.sql<{ n: string }>(
            "select count(*) as n from integration_syncs where tenant_id = $1::text and status = 'pending'",
            [tenant],
          );
          expect(Number(lanes!.n)).toBe(0);
        },
      ),
      { numRuns: 12 },
    );
  });
});

/** Asks again until it is so. */
async function until<T>(ask: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await ask();
    if (isSo(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
