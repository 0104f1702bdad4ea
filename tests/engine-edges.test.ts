import { transaction } from '@signalbox/engine';
import { expect, test } from 'vitest';
import { beat, listWorkers, registerWorker } from '../packages/engine/src/workers/registry.ts';
import { onDatabase } from './kit/databases.ts';
import { createRig, type Rig } from './kit/rig.ts';

onDatabase('postgres', 'engine edges', (open) => {
  const withSyncs = async (count: number): Promise<{ rig: Rig; tenant: string }> => {
    const rig = await createRig(await open());
    const tenant = await rig.tenant();
    const integration = await rig.integration(tenant);
    await rig.engine.integrations.pause(String(tenant), integration);
    await rig.sql(
      `insert into integration_syncs (tenant_id, integration_id, event_id, event_type, model, record_id, next_attempt_at)
       select $1, $2, gen_random_uuid(), 'workitem_created', 'work_item', n, now() + interval '1 day'
       from generate_series(1, $3::int) n`,
      [String(tenant), integration, count],
    );
    return { rig, tenant: String(tenant) };
  };

  test('retrying all that is pending ends, and reaches each of more than a batch', async () => {
    const { rig, tenant } = await withSyncs(2_500);
    expect(await rig.engine.syncs.retryMatching(tenant, { status: 'pending' })).toBe(2_500);
    const [row] = await rig.sql<{ n: number }>(
      'select count(*)::int as n from integration_syncs where next_attempt_at <= now()',
    );
    expect(row!.n).toBe(2_500);
  });

  test('a filter whose status is undefined retries what failed, not everything', async () => {
    const { rig, tenant } = await withSyncs(3);
    await rig.sql(
      "update integration_syncs set status = 'failed', next_attempt_at = null where record_id = '1'",
    );
    expect(await rig.engine.syncs.retryMatching(tenant, { status: undefined } as never)).toBe(1);
  });

  test('an integration that is deleted while its events are dispatched leaves no sync behind', async () => {
    const rig = await createRig(await open());
    const tenant = await rig.tenant();
    const integration = await rig.integration(tenant);
    const running = rig.start();
    await rig.sql('insert into work_items (tenant_id) select $1 from generate_series(1, 1500)', [tenant]);
    rig.engine.wake();
    await rig.received('main', 1);
    await rig.engine.integrations.remove(String(tenant), integration);
    await rig.idle();
    await running.stop();
    expect(await rig.engine.syncs.countPending(String(tenant))).toBe(0);
  });

  test('an event that nothing could dispatch is refused at once', async () => {
    const rig = await createRig(await open());
    const emit = (model: string, recordId: string) =>
      transaction(rig.pool, (tx) =>
        rig.engine.emit(tx, { tenantId: '1', eventType: 'workitem_updated', model, recordId, payload: {} }),
      );
    await expect(emit('workitem', '1')).rejects.toThrow(/got "workitem"\. Did you mean "work_item"\?/);
    await expect(emit('work_item', 'x'.repeat(5_000))).rejects.toThrow(/recordId must have 1 to 1000 bytes/);
    await expect(emit('work_item', '')).rejects.toThrow(/recordId/);
  });

  test('a worker that was given up registers again under its id', async () => {
    const rig = await createRig(await open());
    const identity = { roles: ['worker'], version: '1', concurrency: 4 };
    const id = await registerWorker(rig.pool, identity);
    expect(await beat(rig.pool, id, identity, { active: [], stats: {} })).toBe(true);
    await rig.sql('delete from integration_workers');
    expect(await beat(rig.pool, id, identity, { active: [], stats: {} })).toBe(false);
    expect(await listWorkers(rig.pool)).toMatchObject([{ id, alive: true, concurrency: 4 }]);
  });
});
