import type { Pool } from 'pg';
import { migrate } from '../../packages/server/src/migrate.ts';
import { wireEngine } from './engine.ts';
import type { Sink } from './sink.ts';

/** Tenants, each with one customer and one integration. */
export const TENANTS = 10;
export const SLOTS = 64;
const EVENT_TYPE = 'workitem_created';
const MODEL = 'work_item';
const PAYLOAD_BYTES = 1_024;

/** Brings an empty database to the state that every suite starts from; returns a payload of 1 KB as dispatch builds it. */
export async function prepareTemplate(
  pool: Pool,
  sink: Pick<Sink, 'origins'>,
  { listen = true } = {},
): Promise<string> {
  const engine = wireEngine(pool, { listen });
  await migrate(engine);
  for (let n = 1; n <= TENANTS; n++) {
    const { rows } = await pool.query<{ id: string }>(
      'insert into tenants (slug, name) values ($1, $2) returning id',
      [`tenant-${n}`, 'Fix-It Repair'],
    );
    const tenantId = String(rows[0]!.id);
    await pool.query('insert into customers (tenant_id, name, email) values ($1, $2, $3)', [
      tenantId,
      'Jo Example',
      'jo@example.test',
    ]);
    await engine.integrations.create(tenantId, {
      name: `Receiver ${n}`,
      connector: 'webhook',
      eventTypes: [EVENT_TYPE],
      url: `${sink.origins[0]}/hook/${n}`,
      signing: { type: 'standard-webhooks' },
      notes: 'none',
    });
  }
  const payload = await samplePayload(pool, engine);
  await engine.close();
  await pool.query(
    'truncate integration_changes, integration_events, integration_syncs, integration_attempts restart identity',
  );
  await pool.query('delete from integration_health');
  await pool.query('vacuum analyze');
  return payload;
}

async function samplePayload(pool: Pool, engine: ReturnType<typeof wireEngine>): Promise<string> {
  await pool.query('update tenant_integrations set is_active = false');
  await pool.query('truncate integration_changes');
  const running = engine.start({ worker: { concurrency: 1 } });
  try {
    let payload = '';
    for (const filler of [0, 'again']) {
      const length = filler === 0 ? 0 : PAYLOAD_BYTES - Buffer.byteLength(payload);
      await insertWorkItems(pool, 1, { comments: 'x'.repeat(length) });
      engine.wake();
      payload = await nextPayload(pool);
    }
    return payload;
  } finally {
    await running.stop();
    await pool.query('update tenant_integrations set is_active = true');
    await pool.query('delete from work_items');
  }
}

async function nextPayload(pool: Pool): Promise<string> {
  for (;;) {
    const { rows } = await pool.query<{ payload: string }>(
      'delete from integration_events returning payload',
    );
    if (rows[0]) return rows[0].payload;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Work items over all tenants, as the application would write them; with capture that makes as many changes. */
export async function insertWorkItems(
  pool: Pool,
  count: number,
  { comments = 'x'.repeat(380), tenantId = null as number | null } = {},
): Promise<void> {
  await pool.query(
    `insert into work_items (tenant_id, description, comments, customer_id, estimated_price)
     select c.tenant_id, 'The screen is cracked and half of it does not answer; the battery is weak.', $2, c.id, 189
     from generate_series(1, $1::int) n
     join customers c on c.tenant_id = coalesce($4::int, (select min(id) from tenants) + n % $3::int)`,
    [count, comments, TENANTS, tenantId],
  );
}

export interface Backlog {
  /** Pending syncs, all due. */
  pending: number;
  /** Syncs that ended long ago, with an attempt each. */
  finished?: number;
  /** All for this one tenant. Default: shared equally by all. */
  tenantId?: number;
  payload: string;
}

const STEP = 50_000;

/**
 * Writes syncs, with an event each, as dispatch leaves them: every record has one, so every lane is free.
 * Ids of events rise in time like those of dispatch.
 */
export async function fillBacklog(
  pool: Pool,
  { pending, finished = 0, tenantId, payload }: Backlog,
): Promise<void> {
  const total = pending + finished;
  for (let from = 1; from <= total; from += STEP) {
    const to = Math.min(total, from + STEP - 1);
    await pool.query(
      `with chosen as (
         select n, i.tenant_id, i.id as integration_id,
           ('01980000-' || lpad(to_hex(n / 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as event_id,
           n <= $5::int as is_finished
         from generate_series($1::int, $2::int) n
         join tenant_integrations i
           on i.id = case when $6::int is null then (select min(id) from tenant_integrations) + n % $7::int
                          else (select id from tenant_integrations where tenant_id = $6::text) end
       ), events as (
         insert into integration_events
           (id, sequence, tenant_id, model, record_id, event_type, payload, occurred_at)
         select event_id, nextval('integration_event_sequence'), tenant_id, '${MODEL}', n::text, $3,
           case when is_finished then '{}' else $4 end, now()
         from chosen order by n
       ), logged as (
         insert into integration_attempts
           (tenant_id, sync_id, integration_id, number, started_at, duration_ms, verdict, calls)
         select tenant_id, n, integration_id, 1, now() - interval '1 day', 3, 'delivered', '[]'
         from chosen where is_finished order by n
       )
       insert into integration_syncs
         (tenant_id, integration_id, event_id, event_type, model, record_id, status, attempts, next_attempt_at, ended_at)
       select tenant_id, integration_id, event_id, $3, '${MODEL}', n::text,
         case when is_finished then 'synced' else 'pending' end, is_finished::int,
         case when not is_finished then now() - ($2 - n) * interval '1 us' end,
         case when is_finished then now() - interval '1 day' end
       from chosen order by n`,
      [from, to, EVENT_TYPE, payload, finished, tenantId ?? null, TENANTS],
    );
  }
  await pool.query('vacuum analyze integration_syncs, integration_events, integration_attempts');
}

export async function count(pool: Pool, what: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from ${what}`);
  return rows[0]!.n;
}
