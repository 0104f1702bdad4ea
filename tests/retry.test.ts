import { createManualClock, type ManualClock, STANDARD_DELAYS_MS } from '@signalbox/engine';
import { beforeAll, expect, test } from 'vitest';
import { onEveryDatabase } from './kit/databases.ts';
import { createRig, type Rig } from './kit/rig.ts';
import type { TestDatabase } from './kit/test-database.ts';

const SECOND = 1_000;

onEveryDatabase('retry', (open) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });

  /** A rig whose time stands still, with one tenant, one integration and one event on its way. */
  async function oneEvent(behaviour: Record<string, unknown>, input: Parameters<Rig['integration']>[1] = {}) {
    const clock = createManualClock(new Date());
    const rig = await createRig(database, { clock, random: () => 0 });
    const tenant = await rig.tenant();
    const integration = await rig.integration(tenant, { eventTypes: ['workitem_created'], ...input });
    await rig.behave('main', behaviour);
    rig.start();
    const [item] = await rig.sql<{ id: string }>(
      'insert into work_items (tenant_id) values ($1) returning id',
      [tenant],
    );
    rig.engine.wake();
    const sync = async () => {
      const { data } = await rig.engine.syncs.list(String(tenant), { integrationId: integration });
      return data[0]!;
    };
    const settled = async (attempts: number) => {
      await rig.received('main', attempts);
      return until(sync, (found) => found.attempts === attempts);
    };
    return { clock, rig, tenant: String(tenant), integration, item: Number(item!.id), sync, settled };
  }

  test('tries follow the schedule to the second, then the sync has failed with a reason in plain words and a ✗ note', async () => {
    const { clock, rig, tenant, item, settled } = await oneEvent({ status: 500, body: 'boom' });
    let found = await settled(1);
    for (const [index, delayMs] of STANDARD_DELAYS_MS.entries()) {
      expect(found).toMatchObject({ status: 'pending', reason: 'retrying', attempts: index + 1 });
      expect(found.nextAttemptAt!.getTime() - clock.now().getTime()).toBe(delayMs);
      await advance(rig, clock, delayMs - 1);
      await rig.idle();
      expect(await rig.received('main', 0)).toHaveLength(index + 1);
      await advance(rig, clock, 1);
      found = await settled(index + 2);
    }
    expect(found).toMatchObject({ status: 'failed', reason: 'exhausted', attempts: 10, nextAttemptAt: null });
    expect(found.lastError).toMatch(/500/);
    expect(await notes(rig, item)).toEqual([
      expect.stringMatching(/^✗ .*Production n8n.*workitem_created.*500/s),
    ]);

    const { data } = await rig.engine.attempts.list(tenant, { syncId: found.id });
    expect(data.map((attempt) => attempt.number)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(data[0]).toMatchObject({
      verdict: 'retry',
      explanation: expect.stringMatching(/500/),
      calls: [
        {
          request: { method: 'POST', url: rig.inboxUrl('main') },
          exchange: { ok: true, status: 500, body: 'boom', timing: { totalMs: expect.any(Number) } },
        },
      ],
    });
    // one webhook id over all tries
    const ids = (await rig.received('main', 10)).map((message) => message.headers['webhook-id']);
    expect(new Set(ids)).toEqual(new Set([found.eventId]));
  });

  test('a retry by hand starts a new budget, and its success writes a ✓ note', async () => {
    const { rig, tenant, item, settled } = await oneEvent(
      { status: 500 },
      { retryPolicy: { type: 'schedule', delaysMs: [] } },
    );
    const failed = await settled(1);
    expect(failed.status).toBe('failed');
    await rig.behave('main', { status: 200, body: { id: 'ext-123' } });
    expect(await rig.engine.syncs.retry(tenant, failed.id)).toMatchObject({ status: 'pending' });
    const synced = await settled(2);
    expect(synced).toMatchObject({ status: 'synced', externalId: 'ext-123', lastError: null, attempts: 2 });
    expect(synced.syncedAt).toBeInstanceOf(Date);
    expect((await notes(rig, item)).at(-1)).toMatch(/^✓ .*Production n8n.*workitem_created/);
  });

  test('Retry-After is a lower bound, in seconds and as a date, and no more than a day', async () => {
    const { clock, rig, settled } = await oneEvent({ status: 429, retry_after: 120 });
    const first = await settled(1);
    expect(first.nextAttemptAt!.getTime() - clock.now().getTime()).toBe(120 * SECOND);
    const date = new Date(Math.ceil((clock.now().getTime() + 3_600 * SECOND) / SECOND) * SECOND);
    await rig.behave('main', { status: 503, retry_after: date.toUTCString() });
    await advance(rig, clock, 120 * SECOND);
    expect((await settled(2)).nextAttemptAt).toEqual(date);
    await rig.behave('main', { status: 503, retry_after: 1_000_000 });
    await advance(rig, clock, date.getTime() - clock.now().getTime());
    const third = await settled(3);
    expect(third.nextAttemptAt!.getTime() - clock.now().getTime()).toBe(24 * 3_600 * SECOND);
  });

  test('the preset "original" retries three times from 60 s', async () => {
    const { clock, rig, settled } = await oneEvent({ status: 500 }, { retryPolicy: { preset: 'original' } });
    const waits: number[] = [];
    let found = await settled(1);
    for (let n = 2; found.status === 'pending'; n++) {
      waits.push(found.nextAttemptAt!.getTime() - clock.now().getTime());
      await advance(rig, clock, waits.at(-1)!);
      found = await settled(n);
    }
    expect(waits).toEqual([60 * SECOND, 120 * SECOND, 240 * SECOND]);
    expect(found.status).toBe('failed');
  });

  test('refused credentials park the integration: nothing is tried, nothing is lost, and resuming delivers', async () => {
    const { rig, tenant, integration, settled, sync } = await oneEvent({ status: 401 });
    expect(await settled(1)).toMatchObject({
      status: 'pending',
      reason: 'unauthorized',
      nextAttemptAt: null,
    });
    const parked = await until(
      () => rig.engine.integrations.get(tenant, integration),
      (found) => found?.pausedAt != null,
    );
    expect(parked?.pauseReason).toMatch(/unauthorized/);
    await rig.sql('insert into work_items (tenant_id) values ($1)', [tenant]);
    rig.engine.wake();
    await rig.idle();
    expect(await rig.received('main', 0)).toHaveLength(1);
    expect(await sync()).toMatchObject({ status: 'pending', reason: 'parked' });
    await rig.behave('main', { status: 200 });
    await rig.engine.integrations.resume(tenant, integration);
    await rig.received('main', 3);
  });

  test('an answer that will not change fails at once, and a redirect is not followed', async () => {
    const rejected = await oneEvent({ status: 422, body: 'bad field' });
    expect(await rejected.settled(1)).toMatchObject({ status: 'failed', reason: 'rejected' });
    const redirected = await oneEvent({ status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere' } });
    expect(await redirected.settled(1)).toMatchObject({
      status: 'failed',
      lastError: expect.stringMatching(/redirect/),
    });
  });

  test('a receiver that hangs is cut off at its timeout, and tried again', async () => {
    const { settled } = await oneEvent({ hang: true }, { settings: { timeout_ms: 1_000 } });
    expect(await settled(1)).toMatchObject({
      status: 'pending',
      reason: 'retrying',
      lastError: expect.stringMatching(/1 s|1,?000/),
    });
  });

  test('an inactive n8n workflow is held without burning a retry', async () => {
    const { rig, clock, settled } = await oneEvent(
      {
        status: 404,
        headers: { 'content-type': 'application/json' },
        body: { code: 404, message: 'The requested webhook "POST x" is not registered.' },
      },
      { connector: 'n8n', retryPolicy: { type: 'schedule', delaysMs: [] } },
    );
    const held = await settled(1);
    expect(held).toMatchObject({
      status: 'pending',
      reason: 'held',
      lastError: expect.stringMatching(/activ/i),
    });
    await rig.behave('main', { status: 200, body: { message: 'Workflow was started' } });
    await advance(rig, clock, held.nextAttemptAt!.getTime() - clock.now().getTime());
    expect(await settled(2)).toMatchObject({ status: 'synced' });
  });

  test('a fault of our own burns no retry', async () => {
    const { connectors } = await import('@signalbox/connectors');
    const clock = createManualClock(new Date());
    let broken = true;
    const rig = await createRig(database, {
      clock,
      connectors: connectors.map((connector) => ({
        ...connector,
        deliver: (delivery, http) => {
          if (broken) throw new Error('a bug');
          return connector.deliver(delivery, http);
        },
      })),
    });
    const tenant = await rig.tenant();
    await rig.integration(tenant, { retryPolicy: { type: 'schedule', delaysMs: [] } });
    rig.start();
    await rig.sql('insert into work_items (tenant_id) values ($1)', [tenant]);
    rig.engine.wake();
    const sync = async () => (await rig.engine.syncs.list(String(tenant), {})).data[0];
    const found = await until(sync, (one) => one?.attempts === 1);
    expect(found).toMatchObject({ status: 'pending', reason: 'internal_error' });
    broken = false;
    await advance(rig, clock, 30 * SECOND);
    await until(sync, (one) => one?.status === 'synced');
  });

  test('retry_failed_syncs gives what used up its tries one more run, once the receiver works again', async () => {
    const { clock, rig, tenant, settled, sync } = await oneEvent(
      { status: 500, times: 1 },
      { retryPolicy: { type: 'schedule', delaysMs: [] } },
    );
    const failed = await settled(1);
    expect(await rig.engine.chores.retryFailedSyncs()).toBe(0);
    clock.advance(SECOND);
    await rig.sql('insert into work_items (tenant_id) values ($1)', [tenant]);
    rig.engine.wake();
    await until(sync, (found) => found.id !== failed.id && found.status === 'synced');
    await until(
      () => rig.engine.chores.retryFailedSyncs(),
      (count) => count === 1,
    );
    await until(
      () => rig.engine.syncs.get(tenant, failed.id),
      (found) => found?.status === 'synced',
    );
  });

  test('clean-up deletes successes after 30 days and failures after 90, with attempts and events', async () => {
    const { clock, rig, tenant, settled } = await oneEvent(
      { status: 500, times: 1 },
      { retryPolicy: { type: 'schedule', delaysMs: [] } },
    );
    const failed = await settled(1);
    await rig.sql('insert into work_items (tenant_id) values ($1)', [tenant]);
    rig.engine.wake();
    await until(
      async () => (await rig.engine.syncs.list(tenant, { status: 'synced' })).data,
      (found) => found.length === 1,
    );
    const day = 24 * 3_600 * SECOND;
    clock.advance(29 * day);
    await rig.engine.chores.cleanUp();
    expect((await rig.engine.syncs.list(tenant, {})).data).toHaveLength(2);
    clock.advance(2 * day);
    await rig.engine.chores.cleanUp();
    expect((await rig.engine.syncs.list(tenant, {})).data.map((found) => found.id)).toEqual([failed.id]);
    expect((await rig.engine.events.list(tenant, {})).data).toHaveLength(1);
    clock.advance(60 * day);
    await rig.engine.chores.cleanUp();
    expect((await rig.engine.syncs.list(tenant, {})).data).toEqual([]);
    expect((await rig.engine.attempts.list(tenant, {})).data).toEqual([]);
    expect((await rig.engine.events.list(tenant, {})).data).toEqual([]);
  });
});

async function advance(rig: Rig, clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  rig.engine.wake();
}

async function notes(rig: Rig, item: number): Promise<string[]> {
  const rows = await rig.sql<{ body: string }>(
    `select body from notes where model = 'work_item' and record_id = $1 order by id`,
    [item],
  );
  return rows.map((row) => row.body);
}

/** Asks again until it is so. */
async function until<T>(ask: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await ask();
    if (isSo(found)) return found;
    if (Date.now() > deadline) throw new Error(`not so after 15 s: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
