import type { Context, Suite } from '../lib/context.ts';
import { drain, expectRecorded, nothingPending } from '../lib/drain.ts';
import { SLOTS } from '../lib/fixtures.ts';
import type { Sample } from '../lib/measure.ts';
import { median, ratio } from '../lib/statistics.ts';
import { busiest, cpuPerEvent } from '../lib/table.ts';
import { peers } from './support/peers.ts';

/** Deliveries of the run that warms a process' code; it does not count. */
const WARM_UP = 1_000;

interface Contestant {
  name: string;
  deliveries: number;
  rounds: number;
  /** A run of the counted size, or of another one. */
  run(deliveries?: number): Promise<Sample>;
  samples: Sample[];
  close(): Promise<void>;
}

/** A backlog of pending syncs, and the same work done by others. */
export const drainSuite: Suite = {
  name: 'drain',
  async *run(context) {
    const { size } = context;
    const rounds = size(2, 5);
    const contestants = [
      await raw(context, size(20_000, 40_000), rounds),
      await signalbox(context, size(20_000, 40_000), rounds),
      ...(await peers(context, size(1, 3))),
    ];
    try {
      for (const one of contestants) await one.run(WARM_UP);
      for (let round = 0; round < rounds; round++) {
        const order = round % 2 === 0 ? contestants : contestants.toReversed();
        for (const one of order) if (round < one.rounds) one.samples.push(await one.run());
      }
    } finally {
      for (const one of contestants) await one.close();
    }

    const rates = new Map(contestants.map((one) => [one.name, ratesOf(one)]));
    const rawRates = rates.get('raw undici.request')!;
    const ours = rates.get('Signalbox')!;
    context.rawRates = rawRates;
    for (const one of contestants) {
      yield {
        what: one.name,
        values: ratesOf(one),
        unit: '/s',
        ratio: one.name === 'raw undici.request' ? '1' : `${ratio(ratesOf(one), rawRates).toFixed(3)} of raw`,
        cpu: cpuPerEvent(one.samples, one.deliveries),
        otherCores: busiest(one.samples),
        note: `${one.deliveries.toLocaleString('en-US')} a round`,
      };
    }
    if (!context.redis)
      yield { what: 'BullMQ', values: [], unit: '/s', note: 'not measured: no Redis answers' };

    yield compare('Signalbox to raw undici', ratio(ours, rawRates), 0.4);
    const batched = [...rates].filter(([name]) => name.endsWith('batched'));
    const [best] = batched.toSorted(([, a], [, b]) => median(b) - median(a));
    if (best)
      yield compare(`Signalbox to the best batched peer, ${best[0]}`, median(ours) / median(best[1]), 2);
    const simple = rates.get('BullMQ, simple');
    if (simple) yield compare('Signalbox to BullMQ, simple', median(ours) / median(simple), 8);
  },
};

function compare(what: string, value: number, least: number) {
  return {
    what,
    values: [value],
    unit: '×' as const,
    target: { text: `≥ ${least}×`, isMet: value >= least },
  };
}

function ratesOf({ samples, deliveries }: Contestant): number[] {
  return samples.map((sample) => deliveries / sample.seconds);
}

async function raw(context: Context, deliveries: number, rounds: number): Promise<Contestant> {
  const sender = await context.sender('raw');
  const url = `${context.sink.origins[0]}/hook/1`;
  return {
    name: 'raw undici.request',
    deliveries,
    rounds,
    samples: [],
    async close() {},
    run: (requests = deliveries) =>
      drain(context, {
        what: 'raw undici',
        senders: [sender],
        settings: [{ kind: 'raw', url, body: context.payload, requests }],
        deliveries: requests,
      }),
  };
}

async function signalbox(context: Context, deliveries: number, rounds: number): Promise<Contestant> {
  const sender = await context.sender('signalbox');
  return {
    name: 'Signalbox',
    deliveries,
    rounds,
    samples: [],
    async close() {},
    async run(pending = deliveries) {
      const database = await context.withBacklog({ pending });
      const sample = await drain(context, {
        what: 'Signalbox',
        senders: [sender],
        settings: [{ kind: 'signalbox', databaseUrl: database.url, concurrency: SLOTS }],
        deliveries: pending,
        isRecorded: nothingPending(database),
      });
      await expectRecorded(database, pending, 'Signalbox');
      await database.drop();
      return sample;
    },
  };
}
