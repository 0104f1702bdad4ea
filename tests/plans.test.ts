import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, test } from 'vitest';
import type { Tried } from '../packages/engine/src/delivery/attempt.ts';
import { claimDue, renewLeases } from '../packages/engine/src/delivery/claim.ts';
import { type WriteBackOptions, writeBack } from '../packages/engine/src/delivery/write-back.ts';
import { takeChanges } from '../packages/engine/src/dispatch/changes.ts';
import { insertSyncs } from '../packages/engine/src/dispatch/store.ts';
import { wakeForgottenLanes, wakeLanes } from '../packages/engine/src/syncs/lanes.ts';
import { onDatabase } from './kit/databases.ts';

/**
 * How many thousands of syncs are pending; five times as many are finished. The numbers in
 * docs/decisions/0004-claim.md are those of `PLAN_SCALE=200 npx vitest run tests/plans.test.ts`.
 */
const SCALES = process.env.PLAN_SCALE ? [1, Number(process.env.PLAN_SCALE)] : [1, 10];
const BATCH = 500;

/** Three quarters active, in lanes of their own; the rest wait behind the first of them. */
const FILL = `
  insert into tenant_integrations (tenant_id, name, connector, event_types)
    select '1', 'i' || n, 'webhook', '{a}' from generate_series(1, 20) n;
  insert into integration_events (id, sequence, tenant_id, model, record_id, event_type, payload, occurred_at)
    select gen_random_uuid(), n, '1', 'work_item', n, 'a', repeat('x', 300), now() from generate_series(1, :pending) n;
  insert into integration_syncs
    (tenant_id, integration_id, event_id, event_type, model, record_id, status, attempts, ended_at)
    select '1', n % 20 + 1, gen_random_uuid(), 'a', 'work_item', n % 50000, 'synced', 1, now()
    from generate_series(1, :pending * 5) n;
  insert into integration_syncs
    (tenant_id, integration_id, event_id, event_type, model, record_id, next_attempt_at, followed)
    select '1', e.sequence % 20 + 1, e.id, 'a', 'work_item', case when a.is then e.sequence else e.sequence - :pending * 3 / 4 end,
      case when a.is then now() - interval '1 minute' end, e.sequence <= :pending / 4
    from integration_events e cross join lateral (select e.sequence <= :pending * 3 / 4 as is) a order by e.sequence;
  insert into integration_attempts (tenant_id, sync_id, integration_id, number, started_at, duration_ms, verdict, calls)
    select '1', n, n % 20 + 1, 1, now(), 1, 'delivered', '[]' from generate_series(1, :pending * 5) n;
  insert into integration_changes (tenant_id, model, record_id, operation, new)
    select '1', 'work_item', n, 'insert', '{}' from generate_series(1, :pending) n`;

interface Measured {
  ms: number;
  buffers: number;
  seqScans: string[];
}

onDatabase('postgres', 'plans', (open) => {
  test('with generic plans the hot statements read no table whole, and as much with many syncs as with few', {
    timeout: 600_000,
  }, async () => {
    const measured = new Map<string, Measured[]>();
    for (const scale of SCALES) {
      for (const [name, result] of await measure(scale * 1_000)) {
        measured.set(name, [...(measured.get(name) ?? []), result]);
        if (process.env.PLAN_SCALE)
          console.log(
            `${scale} k`,
            name.padEnd(36),
            `${result.ms.toFixed(1)} ms`,
            `${result.buffers} buffers`,
          );
      }
    }
    for (const [name, [few, many]] of measured) {
      expect(many!.seqScans, name).toEqual([]);
      // twice: an index of a million has a level more than one of a thousand
      expect(many!.buffers, name).toBeLessThan(2 * few!.buffers + 1_000);
    }
  });

  async function measure(pending: number): Promise<Map<string, Measured>> {
    const { url } = await open();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (const statement of FILL.replaceAll(':pending', String(pending)).split(';'))
        await client.query(statement);
      await client.query('vacuum analyze');
      await client.query("load 'auto_explain'");
      for (const [name, value] of Object.entries({
        'auto_explain.log_min_duration': '0',
        'auto_explain.log_analyze': 'on',
        'auto_explain.log_buffers': 'on',
        'auto_explain.log_timing': 'off',
        plan_cache_mode: 'force_generic_plan',
      }))
        await client.query(`set ${name} = ${value}`);
      return await runAll(client);
    } finally {
      await client.end();
    }
  }

  async function runAll(client: pg.Client): Promise<Map<string, Measured>> {
    let plans: string[] = [];
    client.on('notice', (notice) => plans.push(notice.message ?? ''));
    const results = new Map<string, Measured>();
    const run = async (name: string, work: () => Promise<unknown>) => {
      const runs: Measured[] = [];
      for (let n = 0; n < 5; n++) {
        await client.query('begin');
        await client.query('set local client_min_messages = log');
        plans = [];
        await work();
        const made = plans;
        await client.query('rollback');
        runs.push({
          ms: sum(made, /duration: ([\d.]+) ms/),
          buffers: sum(made, /Buffers: shared hit=(\d+)/),
          seqScans: made.flatMap(
            (plan) => plan.match(/Seq Scan on integration_(syncs|events|attempts|changes)/g) ?? [],
          ),
        });
      }
      results.set(name, runs.toSorted((a, b) => a.ms - b.ms)[0]!);
    };
    const db = client as never;
    const { rows: active } = await client.query<Record<string, string>>(
      `select id, tenant_id, integration_id, model, record_id from integration_syncs
       where status = 'pending' and next_attempt_at is not null and not followed order by id limit ${BATCH}`,
    );
    const { rows: waiting } = await client.query<Record<string, string>>(
      `select integration_id, model, record_id from integration_syncs
       where status = 'pending' and next_attempt_at is null order by id limit 250`,
    );
    const ids = active.map((row) => Number(row.id));
    await client.query('update integration_syncs set leased_by = 1 where id = any($1)', [ids]);
    const tried = active.map(toTried);
    const writing: WriteBackOptions = { worker: 1, now: null, writeOutcomes: null, isRepeat: false };
    const newSync = (integrationId: number, recordId: string) => ({
      ...{
        tenantId: '1',
        eventId: randomUUID(),
        eventType: 'a',
        model: 'work_item',
        ordered: true,
        latestOnly: false,
      },
      ...{ integrationId, recordId },
    });
    const claim = { worker: 1, leaseMs: 30_000, limit: BATCH, room: new Map(), otherRoom: 32, now: null };
    const lanes = waiting.map((row) => ({
      integrationId: Number(row.integration_id),
      model: row.model!,
      recordId: row.record_id!,
    }));

    await run('claim 500 of 20 integrations', () => claimDue(db, claim));
    await run('write 500 back', () => writeBack(db, tried, writing));
    await run('write 500 back again', () => writeBack(db, tried, { ...writing, isRepeat: true }));
    await run('insert 500 syncs into empty lanes', () =>
      insertSyncs(
        db,
        tried.map((_, n) => newSync((n % 20) + 1, `new ${n}`)),
        null,
      ),
    );
    await run('insert 250 syncs behind a tail', () =>
      insertSyncs(
        db,
        lanes.map((lane) => newSync(lane.integrationId, lane.recordId)),
        null,
      ),
    );
    await run('wake 250 lanes', () => wakeLanes(db, lanes, null));
    await run('take 500 changes', () => takeChanges(db, ['work_item', 'task'], BATCH, null));
    await run('renew 500 leases', () => renewLeases(db, 1, ids, 30_000, null));
    if (process.env.PLAN_SCALE) {
      await run('sweep', () => wakeForgottenLanes(db, null));
      console.log(`sweep: ${results.get('sweep')!.ms} ms`); // reads what is pending, so it grows
      results.delete('sweep');
    }
    return results;
  }

  function toTried(row: Record<string, string>): Tried {
    const sync = { ...row, id: Number(row.id), integration_id: Number(row.integration_id), attempts: 0 };
    const step = {
      status: 'synced',
      reason: null,
      delayMs: 0,
      retries: 0,
      explanation: null,
      externalId: null,
    };
    return {
      sync,
      integration: { id: sync.integration_id, name: 'n', notes: 'none' },
      startedAt: new Date(),
      durationMs: 1,
      verdict: 'delivered',
      calls: [],
      step: { ...step, pause: null },
    } as unknown as Tried;
  }

  function sum(texts: string[], number: RegExp): number {
    return texts.reduce((total, text) => total + Number(number.exec(text)?.[1] ?? 0), 0);
  }
});
