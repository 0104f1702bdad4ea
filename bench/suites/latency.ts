import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Context, Suite } from '../lib/context.ts';
import { nothingPending } from '../lib/drain.ts';
import { wireEngine } from '../lib/engine.ts';
import { SLOTS } from '../lib/fixtures.ts';
import { quantile } from '../lib/statistics.ts';
import type { Row } from '../lib/table.ts';
import { until, within } from '../lib/within.ts';
import type { SenderProcess } from '../senders/sender.ts';

const PER_SECOND = 200;
const WRITERS = 16;
const P50_MS = 3;
const P99_MS = 20;
/** How long the worker runs before the first write, and how long writes run before they count. */
const SETTLE_MS = 700;
const WARM_UP_MS = 1_000;

/** From the commit's acknowledgement to the request's arrival, worker and writer in processes of their own. */
export const latencySuite: Suite = {
  name: 'latency',
  async *run(context) {
    const sender = await context.sender('signalbox');
    yield* steady(context, sender, true);
    yield* steady(context, sender, false);
  },
};

async function* steady(
  context: Context,
  sender: SenderProcess,
  isAnnounced: boolean,
): AsyncGenerator<Omit<Row, 'suite'>> {
  const what = `${PER_SECOND} events/s, ${isAnnounced ? 'announced by engine.wake()' : 'plain SQL, announced by nobody'}`;
  const database = await context.database();
  const web = new pg.Pool({ connectionString: database.url, max: WRITERS });
  web.on('error', () => {});
  const engine = wireEngine(web);
  await context.sink.reset();
  await sender.call('start', { kind: 'signalbox', databaseUrl: database.url, concurrency: SLOTS });
  await sleep(SETTLE_MS);

  const events = Math.round(PER_SECOND * (WARM_UP_MS / 1_000 + context.size(2, 20)));
  const committedAt = new Map<string, number>();
  const sample = await context.meter.measure([sender.pid], async () => {
    const writes: Promise<void>[] = [];
    const from = monotonicMs();
    for (let n = 0; n < events; n++) {
      const wait = from + (n * 1_000) / PER_SECOND - monotonicMs();
      if (wait > 0.5) await sleep(wait);
      writes.push(write(n));
    }
    await Promise.all(writes);
    await within(60, 'the deliveries to arrive', context.sink.reached(events));
  });

  async function write(n: number): Promise<void> {
    const { rows } = await web.query<{ id: string }>({
      name: 'write',
      text: `insert into work_items (tenant_id, description, customer_id)
             select tenant_id, 'iPhone screen repair', id from customers order by id offset $1 limit 1 returning id`,
      values: [n % 10],
    });
    if (n >= (PER_SECOND * WARM_UP_MS) / 1_000) committedAt.set(rows[0]!.id, monotonicMs());
    if (isAnnounced) engine.wake('changes');
  }

  await within(10, 'the results to be recorded', until(10, nothingPending(database)));
  const latencies = await measureLatencies(context, database.pool, committedAt);
  await sender.call('stop');
  await engine.close();
  await web.end();
  await context.sink.expectExactly(events, what);
  await database.drop();

  const row = (name: string, q: number, limitMs: number): Omit<Row, 'suite'> => {
    const ms = quantile(latencies, q);
    return {
      what: `${what}: ${name}`,
      values: [ms],
      unit: 'ms',
      ...(isAnnounced && { target: { text: `≤ ${limitMs} ms`, isMet: ms <= limitMs } }),
    };
  };
  yield {
    ...row('p50', 0.5, P50_MS),
    cpu: cpuOf(sample.cpu, events),
    otherCores: sample.otherCores,
  };
  yield row('p99', 0.99, P99_MS);
}

async function measureLatencies(
  { sink }: Context,
  pool: pg.Pool,
  committedAt: ReadonlyMap<string, number>,
): Promise<number[]> {
  const { rows } = await pool.query<{ id: string; record_id: string }>(
    'select id, record_id from integration_events',
  );
  const records = new Map(rows.map(({ id, record_id }) => [id, record_id]));
  return (await sink.arrivals()).flatMap(([id, atMs]) => {
    const committed = committedAt.get(records.get(id) ?? '');
    return committed === undefined ? [] : [atMs - committed];
  });
}

function cpuOf(
  cpu: { sender: number | null; postgres: number | null; redis: number | null },
  events: number,
) {
  const each = (seconds: number | null) => (seconds === null ? null : (seconds / events) * 1e6);
  return { sender: each(cpu.sender), postgres: each(cpu.postgres), redis: null };
}

/** The clock that all processes of a machine share. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
