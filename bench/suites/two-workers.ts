import type { Suite } from '../lib/context.ts';
import { drain, expectRecorded, nothingPending } from '../lib/drain.ts';
import type { Sample } from '../lib/measure.ts';
import { ratio } from '../lib/statistics.ts';
import { busiest, cpuPerEvent } from '../lib/table.ts';
import { useOrigins } from './slots.ts';

const LATENCY_MS = 200;
const SLOTS = 128;
const TARGET = 1.6;

/** Two worker processes on one database and a receiver that limits both. */
export const twoWorkersSuite: Suite = {
  name: 'two workers',
  async *run(context) {
    const senders = [await context.sender('signalbox'), await context.sender('signalbox, second')];
    const deliveries = SLOTS * context.size(8, 40);
    const samples: Record<number, Sample[]> = { 1: [], 2: [] };
    for (let round = 0; round < context.size(1, 3); round++) {
      for (const workers of [1, 2]) {
        const database = await context.withBacklog({ pending: deliveries });
        await useOrigins(context, database, SLOTS * 2);
        const settings = { kind: 'signalbox' as const, databaseUrl: database.url, concurrency: SLOTS };
        const sample = await drain(context, {
          what: `${workers} workers`,
          senders: senders.slice(0, workers),
          settings: [settings, settings],
          deliveries,
          latencyMs: LATENCY_MS,
          isRecorded: nothingPending(database),
        });
        await expectRecorded(database, deliveries, `${workers} workers`);
        samples[workers]!.push(sample);
        await database.drop();
      }
    }
    const rates = (workers: number) => samples[workers]!.map((sample) => deliveries / sample.seconds);
    const gain = ratio(rates(2), rates(1));
    const row = (workers: number) => ({
      values: rates(workers),
      unit: '/s' as const,
      cpu: cpuPerEvent(samples[workers]!, deliveries),
      otherCores: busiest(samples[workers]!),
    });
    yield { what: `one worker of ${SLOTS} slots, receiver takes ${LATENCY_MS} ms`, ...row(1) };
    yield {
      what: 'two of them',
      ...row(2),
      ratio: `${gain.toFixed(2)} of one`,
      target: { text: `≥ ${TARGET} of one`, isMet: gain >= TARGET },
    };
  },
};
