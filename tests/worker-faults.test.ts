import { connectors } from '@signalbox/connectors';
import type { Connector, Outcome, Pool, Statement } from '@signalbox/engine';
import { expect, test } from 'vitest';
import { writeOutcomeNotes } from '../packages/server/src/host/notes.ts';
import { onDatabase } from './kit/databases.ts';
import { createRig, type Rig, type RigOptions } from './kit/rig.ts';
import type { TestDatabase } from './kit/test-database.ts';

/** A pool whose statements can be made to fail, before or after the database has carried them out. */
function faulty(database: TestDatabase) {
  const pool = database.pool as unknown as Pool;
  const fault = {
    isDown: false,
    /** Carried out, but the answer is lost. Returns true to lose it. */
    loses: (_: Statement) => false,
  };
  const guarded = (target: { query: Pool['query'] }) => async (statement: Statement) => {
    if (fault.isDown) throw new Error('Connection terminated unexpectedly');
    const result = await target.query(statement);
    if (fault.loses(statement)) throw new Error('Connection terminated unexpectedly');
    return result;
  };
  const wrapped = {
    query: guarded(pool),
    async connect() {
      if (fault.isDown) throw new Error('connect ECONNREFUSED');
      const connection = await pool.connect();
      return {
        query: guarded(connection),
        release: (error?: Error | boolean) => connection.release(error),
        on: () => {},
        removeAllListeners: () => {},
      };
    },
  } as unknown as Pool;
  return { fault, pool: wrapped };
}

onDatabase('postgres', 'worker faults', (open) => {
  const rigWith = async (options: (database: TestDatabase) => RigOptions = () => ({})) => {
    const database = await open();
    const rig = await createRig(database, options(database));
    const tenant = await rig.tenant();
    return { rig, tenant };
  };
  const create = (rig: Rig, tenant: number, count: number) =>
    rig.sql('insert into work_items (tenant_id) select $1 from generate_series(1, $2::int)', [tenant, count]);
  const until = async (isTrue: () => Promise<boolean>) => {
    const deadline = Date.now() + 15_000;
    while (!(await isTrue())) {
      if (Date.now() > deadline) throw new Error('waited 15 s in vain');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const counts = async (rig: Rig) => {
    const [row] = await rig.sql<{ synced: number; pending: number; attempts: number; leased: number }>(
      `select (select count(*)::int from integration_syncs where status = 'synced') as synced,
              (select count(*)::int from integration_syncs where status = 'pending') as pending,
              (select count(*)::int from integration_syncs where leased_by is not null) as leased,
              (select count(*)::int from integration_attempts) as attempts`,
    );
    return row!;
  };

  test('a result that cannot be stored costs itself, not its batch', async () => {
    const poison = async (tx: Parameters<typeof writeOutcomeNotes>[0], outcomes: Outcome[]) => {
      await tx.query({ text: 'select ($1::jsonb)->>0', values: [JSON.stringify(outcomes)] });
      if (outcomes.some((outcome) => outcome.recordId === '3')) await tx.query({ text: 'select 1 / 0' });
      await writeOutcomeNotes(tx, outcomes);
    };
    const { rig, tenant } = await rigWith(() => ({ onOutcomes: poison }));
    await rig.integration(tenant);
    rig.start();
    await create(rig, tenant, 6);
    await until(async () => (await counts(rig)).synced === 6);
    expect(await counts(rig)).toMatchObject({ attempts: 6, pending: 0 });
    const noted = await rig.sql<{ record_id: string }>('select record_id from notes order by record_id');
    expect(noted.map((note) => Number(note.record_id))).toEqual([1, 2, 4, 5, 6]);
    expect(await rig.received('main', 0)).toHaveLength(6);
  });

  test('a commit whose answer is lost is repeated without a second attempt, and the lane goes on', async () => {
    let lost = 0;
    const { rig, tenant } = await rigWith((database) => {
      const { fault, pool } = faulty(database);
      fault.loses = (statement) => statement.name === 'signalbox_write_back' && lost++ === 0;
      return { pool, onOutcomes: undefined, listen: false };
    });
    await rig.integration(tenant);
    await create(rig, tenant, 1);
    await rig.sql("update work_items set comments = 'second'");
    rig.start();
    await until(async () => (await counts(rig)).synced === 2);
    expect(await counts(rig)).toMatchObject({ attempts: 2, pending: 0 });
    expect(lost).toBeGreaterThan(1);
    expect(await rig.received('main', 0)).toHaveLength(2);
  });

  test('what was delivered while the database was away, for longer than a lease, is written and not delivered again', async () => {
    let fault!: ReturnType<typeof faulty>['fault'];
    const { rig, tenant } = await rigWith((database) => {
      const made = faulty(database);
      fault = made.fault;
      return { pool: made.pool, leaseMs: 600, listen: false };
    });
    await rig.integration(tenant, { concurrency: 2 });
    await rig.behave('main', { delay_ms: 300 });
    rig.start();
    await create(rig, tenant, 8);
    await rig.received('main', 1);
    fault.isDown = true;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = (await rig.received('main', 0)).length;
    // what had not started when the leases ran out was not started
    expect(before).toBeLessThan(8);
    fault.isDown = false;
    await until(async () => (await counts(rig)).synced === 8);
    const delivered = (await rig.received('main', 8)).map((message) => message.headers['webhook-id']);
    expect(new Set(delivered).size).toBe(8);
    expect(delivered).toHaveLength(8);
    expect((await counts(rig)).attempts).toBe(8);
  });

  test('stopping a worker whose database is away ends in time', async () => {
    let fault!: ReturnType<typeof faulty>['fault'];
    const { rig, tenant } = await rigWith((database) => {
      const made = faulty(database);
      fault = made.fault;
      return { pool: made.pool, listen: false };
    });
    await rig.integration(tenant);
    const running = rig.start();
    await create(rig, tenant, 3);
    await rig.received('main', 1);
    fault.isDown = true;
    const from = performance.now();
    await running.stop({ timeoutMs: 500 });
    expect(performance.now() - from).toBeLessThan(2_500);
    fault.isDown = false;
  });

  test('pausing an integration stops within seconds what a worker had claimed already, and gives it back', async () => {
    const { rig, tenant } = await rigWith();
    const id = await rig.integration(tenant, { rateLimit: 4 });
    rig.start();
    await create(rig, tenant, 40);
    await rig.received('main', 2);
    await rig.engine.integrations.pause(String(tenant), id);
    await until(async () => (await counts(rig)).leased === 0);
    const paused = (await rig.received('main', 0)).length;
    expect(paused).toBeLessThan(20);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await rig.received('main', 0)).toHaveLength(paused);
    expect((await counts(rig)).pending).toBe(40 - paused);
  });

  test('an edited integration is used as edited also for what was claimed before', async () => {
    const { rig, tenant } = await rigWith();
    const id = await rig.integration(tenant, { rateLimit: 4, inbox: 'old' });
    rig.start();
    await create(rig, tenant, 30);
    await rig.received('old', 2);
    await rig.engine.integrations.update(String(tenant), id, { url: rig.inboxUrl('new'), rateLimit: null });
    const arrived = async (inbox: string) => (await rig.received(inbox, 0)).length;
    await until(async () => (await arrived('old')) + (await arrived('new')) === 30);
    expect(await arrived('new')).toBeGreaterThan(15);
  });

  test('a signing secret stops signing when it has expired, although a worker had it in memory', async () => {
    const { rig, tenant } = await rigWith();
    const id = await rig.integration(tenant, { rateLimit: 5, signing: { type: 'standard-webhooks' } });
    await rig.engine.integrations.rotateSecret(String(tenant), id, { overlapMs: 1_500 });
    rig.start();
    await create(rig, tenant, 25);
    const signatures = (await rig.received('main', 25)).map(
      (message) => message.headers['webhook-signature']!.split(' ').length,
    );
    expect(signatures[0]).toBe(2);
    expect(signatures.at(-1)).toBe(1);
  });

  test('a connector that answers nonsense is a fault of our own; others are delivered', async () => {
    const nonsense = {
      ...connectors[0]!,
      name: 'nonsense',
      deliver: async () => ({ ok: true }),
    } as unknown as Connector;
    const { rig, tenant } = await rigWith(() => ({ connectors: [...connectors, nonsense] }));
    await rig.integration(tenant);
    const broken = await rig.integration(tenant, { connector: 'nonsense' });
    rig.start();
    await create(rig, tenant, 3);
    await until(async () => (await counts(rig)).attempts === 6);
    const { data } = await rig.engine.syncs.list(String(tenant), { integrationId: broken });
    expect(data.map((sync) => [sync.status, sync.reason])).toEqual(
      Array(3).fill(['pending', 'internal_error']),
    );
    expect((await counts(rig)).synced).toBe(3);
  });
});
