import { randomUUID } from 'node:crypto';
import { transaction } from '@signalbox/engine';
import pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import type { Tried } from '../packages/engine/src/delivery/attempt.ts';
import { claimDue } from '../packages/engine/src/delivery/claim.ts';
import { writeBack } from '../packages/engine/src/delivery/write-back.ts';
import { insertSyncs } from '../packages/engine/src/dispatch/store.ts';
import { Conditions } from '../packages/engine/src/paging.ts';
import { cancelPending } from '../packages/engine/src/syncs/cancel.ts';
import { lockLanes, wakeForgottenLanes, wakeLanes } from '../packages/engine/src/syncs/lanes.ts';
import { retrySyncs } from '../packages/engine/src/syncs/retry.ts';
import { onDatabase } from './kit/databases.ts';
import { createRig, type Rig } from './kit/rig.ts';

/** The claims that delivery/lanes.ts makes, each on connections that meet in the stated order. */
onDatabase('postgres', 'lanes', (open) => {
  let rig: Rig;
  let pool: pg.Pool;
  let integrationId: number;
  beforeEach(async () => {
    const database = await open();
    rig = await createRig(database);
    pool = new pg.Pool({ connectionString: database.url, max: 12 });
    pool.on('error', () => {}); // the database is dropped with the suite
    integrationId = await rig.integration(await rig.tenant());
  });

  const newSync = (record: string, ordered = true) => ({
    tenantId: '1',
    integrationId,
    eventId: randomUUID(),
    eventType: 'workitem_updated',
    model: 'work_item',
    recordId: record,
    ordered,
    latestOnly: false,
  });
  /** What dispatch does, up to its commit; `commit` ends it. */
  async function beginInsert(...records: string[]) {
    const client = await pool.connect();
    await client.query('begin');
    await lockLanes(client as never);
    const inserting = insertSyncs(
      client as never,
      records.map((record) => newSync(record)),
      null,
    );
    return async () => {
      const unsettled = await inserting;
      await client.query('commit');
      client.release();
      await wakeLanes(pool, unsettled, null);
    };
  }
  const insert = async (...records: string[]) => (await beginInsert(...records))();
  const tried = (id: number, status: 'synced' | 'failed' | 'pending', record = 'r'): Tried =>
    ({
      sync: {
        id,
        tenant_id: '1',
        integration_id: integrationId,
        model: 'work_item',
        record_id: record,
        attempts: 0,
      },
      integration: { id: integrationId, name: 'n', notes: 'all' },
      startedAt: new Date(),
      durationMs: 1,
      verdict: 'delivered',
      calls: [],
      step: {
        status,
        reason: null,
        delayMs: 0,
        retries: 0,
        explanation: null,
        externalId: null,
        pause: null,
      },
    }) as unknown as Tried;
  const end = (ids: number[], status: 'synced' | 'failed' = 'synced', hold?: () => Promise<void>) =>
    writeBack(
      pool,
      ids.map((id) => tried(id, status)),
      { worker: 1, now: null, writeOutcomes: hold ?? null, isRepeat: false },
    );
  /** Ends syncs in a transaction that stays open until `commit` is called. */
  async function beginEnd(ids: number[], status: 'synced' | 'failed' = 'synced') {
    let reached = () => {};
    let release = () => {};
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    const ending = end(ids, status, async () => {
      reached();
      await isReleased;
    });
    await Promise.race([isReached, ending]);
    return () => {
      release();
      return ending;
    };
  }
  const cancel = async (id: number) =>
    wakeLanes(pool, await cancelPending(pool, new Conditions().equal('s.id', id), 'purged', null), null);
  async function beginCancel(id: number) {
    const client = await pool.connect();
    await client.query('begin');
    const lanes = await cancelPending(client as never, new Conditions().equal('s.id', id), 'purged', null);
    return async () => {
      await client.query('commit');
      client.release();
      await wakeLanes(pool, lanes, null);
    };
  }
  const retry = (...ids: number[]) =>
    transaction(pool, (tx) =>
      retrySyncs(
        tx,
        new Conditions().add((p) => `s.id = any(${p})`, ids),
        { limit: 100, now: null },
      ),
    );
  async function beginRetry(id: number) {
    const client = await pool.connect();
    await client.query('begin');
    const retrying = retrySyncs(client as never, new Conditions().equal('s.id', id), { limit: 1, now: null });
    return async () => {
      await retrying;
      await client.query('commit');
      client.release();
    };
  }
  /** `['1 active', '2 waits', '3 synced']`, by id. */
  const state = async (record = 'r') =>
    (
      await rig.sql<{ id: string; status: string; active: boolean }>(
        `select id, status, next_attempt_at is not null as active from integration_syncs where record_id = $1 order by id`,
        [record],
      )
    ).map((row) => `${row.id} ${row.status !== 'pending' ? row.status : row.active ? 'active' : 'waits'}`);
  /** Leased by the worker that {@link end} names. */
  const lease = () => rig.sql('update integration_syncs set leased_by = 1');
  /** Waits until `count` sessions wait for a lock. */
  async function untilBlocked(count = 1) {
    for (let n = 0; n < 500; n++) {
      const [row] = await rig.sql<{ n: string }>(
        "select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      if (Number(row!.n) >= count) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('nothing waits for a lock');
  }

  test('a newcomer that waits for the lock of a tail that ends is due', async () => {
    await insert('r');
    await lease();
    const commitEnd = await beginEnd([1]);
    const commitInsert = await beginInsert('r');
    await untilBlocked();
    await Promise.all([commitEnd(), commitInsert()]);
    expect(await state()).toEqual(['1 synced', '2 active']);
  });

  test('a tail that ends while a newcomer is being inserted wakes it', async () => {
    await insert('r');
    await lease();
    const commitInsert = await beginInsert('r');
    const ending = end([1]);
    await untilBlocked();
    await commitInsert();
    await ending;
    expect(await state()).toEqual(['1 synced', '2 active']);
  });

  test('a newcomer behind a tail that is cancelled waits for the active sync all the same', async () => {
    await insert('r', 'r');
    const commitCancel = await beginCancel(2);
    const commitInsert = await beginInsert('r');
    await untilBlocked();
    await Promise.all([commitCancel(), commitInsert()]);
    expect(await state()).toEqual(['1 active', '2 cancelled', '3 waits']);
    await lease();
    await end([1]);
    expect(await state()).toEqual(['1 synced', '2 cancelled', '3 active']);
  });

  test('the next of a lane that is cancelled while the active one ends leaves its place to the one behind', async () => {
    await insert('r', 'r', 'r');
    await lease();
    const commitCancel = await beginCancel(2);
    const ending = end([1]);
    await untilBlocked(); // the waking, for the lock of 2
    await Promise.all([commitCancel(), ending]);
    expect(await state()).toEqual(['1 synced', '2 cancelled', '3 active']);
  });

  test('an active one that ends while the next of its lane is being cancelled wakes the one behind', async () => {
    await insert('r', 'r', 'r');
    await lease();
    const commitEnd = await beginEnd([1]);
    await cancel(2);
    await commitEnd();
    expect(await state()).toEqual(['1 synced', '2 cancelled', '3 active']);
  });

  test('a retried sync waits for the active one of its lane, which wakes it', async () => {
    await insert('r', 'r');
    await lease();
    await end([1], 'failed');
    await lease();
    const commitRetry = await beginRetry(1);
    const ending = end([2]);
    await untilBlocked();
    await commitRetry();
    await ending;
    expect(await state()).toEqual(['1 active', '2 synced']);
  });

  test('a retried sync is due when the active one of its lane ends before it could be locked', async () => {
    await insert('r', 'r');
    await lease();
    await end([1], 'failed');
    await lease();
    const commitEnd = await beginEnd([2]);
    const commitRetry = await beginRetry(1);
    await untilBlocked();
    await Promise.all([commitEnd(), commitRetry()]);
    expect(await state()).toEqual(['1 active', '2 synced']);
  });

  test('of a retry and a dispatch that find a lane empty one waits for the other', async () => {
    await insert('r');
    await lease();
    await end([1], 'failed');
    const commitInsert = await beginInsert('r');
    const retrying = retry(1);
    await untilBlocked();
    await commitInsert();
    await retrying;
    expect(await state()).toEqual(['1 waits', '2 active']);
  });

  test('several failed syncs of a record that are retried together go one after the other', async () => {
    await insert('r', 'r', 'r');
    await lease();
    await end([1], 'failed');
    await lease();
    await end([2], 'failed');
    await retry(1, 2, 3);
    expect(await state()).toEqual(['1 waits', '2 waits', '3 active']);
    await lease();
    await end([3]);
    expect(await state()).toEqual(['1 active', '2 waits', '3 synced']);
  });

  test('a lane that had several active ones, before its integration was put in order, loses none', async () => {
    await transaction(pool, (tx) => insertSyncs(tx, [newSync('r', false), newSync('r', false)], null));
    await insert('r');
    await lease();
    await end([2]);
    expect(await state()).toEqual(['1 active', '2 synced', '3 waits']);
    await end([1]);
    expect(await state()).toEqual(['1 synced', '2 synced', '3 active']);
  });

  test('a lane whose waking was lost with its process is found by the sweep, and no other is touched', async () => {
    await insert('r', 'r', 'r', 'other', 'other');
    await rig.sql("update integration_syncs set status = 'synced', next_attempt_at = null where id = 1");
    expect(await wakeForgottenLanes(pool, null)).toBe(1);
    expect(await state()).toEqual(['1 synced', '2 active', '3 waits']);
    expect(await state('other')).toEqual(['4 active', '5 waits']);
  });

  test('whatever inserts, ends, cancels and retries at once: no deadlock, no two active, no lane asleep', {
    timeout: 60_000,
  }, async () => {
    const records = ['a', 'b', 'c', 'd', 'e'];
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const until = performance.now() + 3_000;
    const actor = async (act: () => Promise<unknown>) => {
      while (performance.now() < until) await act();
    };
    const actives = `select record_id from integration_syncs where status = 'pending' and next_attempt_at is not null
                     group by 1 having count(*) > 1`;
    await Promise.all([
      actor(() => insert(...Array.from({ length: 1 + random(6) }, () => records[random(5)]!))),
      ...[1, 2].map((worker) =>
        actor(async () => {
          const room = { room: new Map(), otherRoom: 4, limit: 4, leaseMs: 60_000, now: null };
          const claimed = await claimDue(pool, { worker, ...room });
          const results = claimed.map((sync) => ({
            ...tried(sync.id, (['synced', 'failed', 'pending'] as const)[random(3)]!, sync.record_id),
            sync,
          }));
          if (results.length > 0)
            await writeBack(pool, results, { worker, now: null, writeOutcomes: null, isRepeat: false });
        }),
      ),
      actor(async () => {
        const found = await rig.sql<{ id: string }>(
          "select id from integration_syncs where status = 'pending' order by random() limit 2",
        );
        for (const { id } of found) await cancel(Number(id));
      }),
      actor(async () => {
        const found = await rig.sql<{ id: string }>(
          "select id from integration_syncs where status = 'failed' order by random() limit 3",
        );
        await retry(...found.map(({ id }) => Number(id)));
      }),
      actor(async () => expect(await rig.sql(actives)).toEqual([])),
    ]);
    expect(await rig.sql(actives)).toEqual([]);
    expect(await wakeForgottenLanes(pool, null)).toBe(0);
  });
});
