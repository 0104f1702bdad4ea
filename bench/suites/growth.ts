import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Database, Suite } from '../lib/context.ts';
import { count, insertWorkItems } from '../lib/fixtures.ts';
import type { Sample } from '../lib/measure.ts';
import type { StatementTiming } from '../lib/timed-pool.ts';
import type { SenderProcess } from '../senders/sender.ts';

/** The receiver's latency and the slots hold the pace, so that every size does the same work. */
const LATENCY_MS = 50;
const SLOTS = 50;
const PER_SECOND = 1_000;
const TICK_MS = 50;
const FLAT = 1.3;

/** The statements of each step, by the names that they are prepared under. */
const STEPS = {
  claim: /claim/,
  dispatch:
    /dispatch|take_changes|register_created|next_sequences|insert_events|insert_syncs|subscriptions|tenant_names/,
  'write back': /write_back|wake|health/,
};
type Step = keyof typeof STEPS;

interface Costs {
  /** µs of waiting for the database, an event. */
  steps: Record<Step, number>;
  /** µs of the server's CPU, an event. */
  postgres: number | null;
  sample: Sample;
}

/**
 * What an event costs while much waits or much has ended: as many are written as are delivered, so the
 * backlog stays as large as it is.
 */
export const growthSuite: Suite = {
  name: 'growth',
  async *run(context) {
    const finished = context.size(20_000, 5_000_000);
    const sizes = context.size([1_000, 50_000], [1_000, 100_000, 1_000_000]);
    const sender = await context.sender('signalbox');
    if (!context.isQuick) await cost(context, sender, { pending: sizes[0]! }); // warms the code
    let base: Costs | null = null;
    for (const backlog of [...sizes.map((pending) => ({ pending })), { pending: sizes[0]!, finished }]) {
      const costs = await cost(context, sender, backlog);
      base ??= costs;
      const worst = Math.max(...names.map((step) => costs.steps[step] / base!.steps[step]));
      const server = costs.postgres !== null && base.postgres ? costs.postgres / base.postgres : null;
      yield {
        what: `${describe(backlog)}: ${names.map((step) => `${step} ${costs.steps[step].toFixed(0)}`).join(', ')}; Postgres' CPU an event`,
        values: costs.postgres === null ? [] : [costs.postgres],
        unit: 'µs',
        otherCores: costs.sample.otherCores,
        ...(base !== costs && {
          ratio: `${server === null ? '–' : server.toFixed(2)}×, worst step ${worst.toFixed(2)}×`,
          target: { text: `≤ ${FLAT}× of the first`, isMet: (server ?? worst) <= FLAT && worst <= FLAT },
        }),
      };
    }
  },
};

const names = Object.keys(STEPS) as Step[];

function describe({ pending, finished }: { pending: number; finished?: number }): string {
  const number = (n: number) => n.toLocaleString('en-US');
  return `${number(pending)} pending${finished ? `, ${number(finished)} finished` : ''}`;
}

async function cost(
  context: Context,
  sender: SenderProcess,
  backlog: { pending: number; finished?: number },
): Promise<Costs> {
  const database = await context.withBacklog(backlog);
  const before = backlog.finished ?? 0;
  await context.sink.reset({ latencyMs: LATENCY_MS });
  await sender.call('start', {
    kind: 'signalbox',
    databaseUrl: database.url,
    concurrency: SLOTS,
    timed: true,
  });
  await keepWriting(database, context.size(500, 3_000)); // plans and pools
  const timings = await sender.call('timings');
  const delivered = (await count(database.pool, `integration_syncs where status = 'synced'`)) - before;
  const sample = await context.meter.measure([sender.pid], () =>
    keepWriting(database, context.size(1_500, 15_000)),
  );
  const later = await sender.call('timings');
  const events =
    (await count(database.pool, `integration_syncs where status = 'synced'`)) - before - delivered;
  await sender.call('stop');
  const synced = (await count(database.pool, `integration_syncs where status = 'synced'`)) - before;
  await context.sink.expectExactly(synced, describe(backlog));
  await database.drop();
  return {
    steps: perEvent(timings, later, events),
    postgres: sample.cpu.postgres === null ? null : (sample.cpu.postgres / events) * 1e6,
    sample,
  };
}

async function keepWriting({ pool }: Database, forMs: number): Promise<void> {
  const from = performance.now();
  for (let written = 0; performance.now() - from < forMs; ) {
    const due = Math.floor(((performance.now() - from) / 1_000) * PER_SECOND) - written;
    if (due > 0) await insertWorkItems(pool, due);
    written += Math.max(0, due);
    await sleep(TICK_MS);
  }
}

type Timings = readonly [name: string, timing: StatementTiming][];

function perEvent(before: Timings, after: Timings, events: number): Record<Step, number> {
  const earlier = new Map(before);
  const each = (step: Step) => {
    const found = after.filter(([name]) => STEPS[step].test(name));
    if (found.length === 0)
      throw new Error(`no statement is named for "${step}"; see STEPS in ${import.meta.filename}`);
    const ms = found.reduce((sum, [name, timing]) => sum + timing.ms - (earlier.get(name)?.ms ?? 0), 0);
    return (ms / events) * 1_000;
  };
  return Object.fromEntries(names.map((step) => [step, each(step)])) as Record<Step, number>;
}
