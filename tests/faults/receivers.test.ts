import { expect, onTestFinished, test, vi } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { createRig } from '../kit/rig.ts';
import { startRecorder } from './arrivals.ts';
import { MANNERS, type Manner, startBadReceiver, TAKEN } from './bad-receiver.ts';

const TIMEOUT_MS = 1_000;

onDatabase('postgres', 'a receiver that', (open) => {
  test('misbehaves in any manner gets its event once it behaves, and holds nobody else up', {
    timeout: 60_000,
  }, async () => {
    const rig = await createRig(await open());
    let isCured = false;
    const bad = await startBadReceiver({
      manner: ({ path }, times) => (isCured || times > 1 ? 'ok' : (path as Manner)),
    });
    const good = await startRecorder();
    onTestFinished(async () => void (await Promise.all([bad.close(), good.close()])));
    const tenant = await rig.tenant();
    const common = {
      eventTypes: ['workitem_created', 'workitem_updated'],
      settings: { timeout_ms: TIMEOUT_MS },
      retryPolicy: { type: 'exponential', baseMs: 50, factor: 1, capMs: 50, maxAttempts: 10 },
    } as const;
    for (const manner of MANNERS) {
      await rig.integration(tenant, {
        ...common,
        eventTypes: [...common.eventTypes],
        name: manner,
        url: bad.url(manner),
      });
    }
    await rig.integration(tenant, { ...common, eventTypes: [...common.eventTypes], url: good.url('good') });
    rig.start({ worker: { concurrency: 64 } });

    const began = performance.now();
    const [item] = await rig.sql<{ id: string }>(
      `insert into work_items (tenant_id, description, comments) values ($1, 'first', '1') returning id`,
      [tenant],
    );
    await rig.sql(`update work_items set description = 'second', comments = '2' where id = $1`, [item!.id]);
    await vi.waitFor(() => expect(good.arrivals.map((one) => one.version)).toEqual([1, 2]), 5_000);
    const goodMs = performance.now() - began;
    expect(goodMs).toBeLessThan(TIMEOUT_MS); // the hanging ones were not waited for

    const of = (manner: Manner) => bad.arrivals.filter((one) => one.path === manner);
    const taken = (manner: Manner) => of(manner).filter((one) => !one.refused);
    for (const manner of MANNERS.filter((one) => one !== 'redirect')) {
      await vi.waitFor(() => expect(taken(manner).map((one) => one.version)).toEqual([1, 2]), {
        timeout: 20_000,
      });
      // A manner that is an answer after all is not asked again; the others twice for each event.
      expect([manner, of(manner).length]).toEqual([manner, TAKEN.has(manner) ? 2 : 6]);
      expect(of(manner).map((one) => one.version)).toEqual(
        of(manner)
          .map((one) => one.version)
          .toSorted(),
      );
    }

    // A redirect is not followed; the sync is kept with its reason and goes out when a person says so.
    await vi.waitFor(() => expect(of('redirect')).toHaveLength(2));
    await rig.idle();
    expect(bad.followed).toBe(0);
    isCured = true;
    await rig.engine.syncs.retryMatching(String(tenant), { status: 'failed' });
    await vi.waitFor(() => expect(taken('redirect').map((one) => one.version)).toEqual([1, 2]), 5_000);
  });
});
