import type { Context, Database, Suite } from '../lib/context.ts';
import { drain, expectRecorded, nothingPending } from '../lib/drain.ts';
import type { Sample } from '../lib/measure.ts';
import { median } from '../lib/statistics.ts';
import { busiest, cpuPerEvent } from '../lib/table.ts';

const LATENCY_MS = 200;
/** Slots, and how often each is used: in a quick and in a full run. */
const SLOTS = [
  { slots: 64, uses: [10, 30] },
  { slots: 512, uses: [8, 30] },
  { slots: 2_000, uses: [6, 25] },
] as const;
/** What counts as "about slots / latency". */
const SHARE = 0.8;

/** A slow receiver: what a worker delivers is its slots divided by the receiver's latency. Ten origins. */
export const slotsSuite: Suite = {
  name: 'slots',
  async *run(context) {
    const sender = await context.sender('signalbox');
    for (const { slots, uses } of SLOTS) {
      const deliveries = slots * context.size<number>(uses[0], uses[1]);
      const samples: Sample[] = [];
      const rates: number[] = [];
      for (let round = 0; round < context.size(1, 3); round++) {
        const database = await context.withBacklog({ pending: deliveries });
        await useOrigins(context, database, slots);
        samples.push(
          await drain(context, {
            what: `${slots} slots`,
            senders: [sender],
            settings: [{ kind: 'signalbox', databaseUrl: database.url, concurrency: slots }],
            deliveries,
            latencyMs: LATENCY_MS,
            isRecorded: nothingPending(database),
          }),
        );
        rates.push(steadyRate(await context.sink.arrivals(), slots));
        await expectRecorded(database, deliveries, `${slots} slots`);
        await database.drop();
      }
      const limit = slots / (LATENCY_MS / 1_000);
      const share = median(rates) / limit;
      yield {
        what: `${slots.toLocaleString('en-US')} slots, receiver takes ${LATENCY_MS} ms`,
        values: rates,
        unit: '/s',
        ratio: `${share.toFixed(2)} of ${limit.toLocaleString('en-US')}/s`,
        cpu: cpuPerEvent(samples, deliveries),
        otherCores: busiest(samples),
        target: { text: `≥ ${SHARE} of slots / latency`, isMet: share >= SHARE },
      };
    }
  },
};

/** Between the first and the last arrival, without the first filling of the slots. */
function steadyRate(arrivals: [id: string, atMs: number][], slots: number): number {
  const times = arrivals.map(([, atMs]) => atMs).sort((a, b) => a - b);
  return ((times.length - slots) / (times.at(-1)! - times[0]!)) * 1_000;
}

/** Every integration on an origin of its own, and each may use its share of the slots. */
export async function useOrigins({ sink }: Context, { pool }: Database, slots: number): Promise<void> {
  await pool.query(
    `update tenant_integrations i
     set url = o.origin || '/hook', concurrency = least(1000, greatest(16, $2::int)), version = version + 1
     from unnest($1::text[]) with ordinality as o(origin, n)
     where o.n = 1 + (i.id - (select min(id) from tenant_integrations))`,
    [sink.origins, Math.ceil(slots / sink.origins.length)],
  );
}
