import type { Suite } from '../lib/context.ts';
import { drain, expectRecorded, nothingPending } from '../lib/drain.ts';
import { insertWorkItems, SLOTS } from '../lib/fixtures.ts';
import type { Sample } from '../lib/measure.ts';
import { median } from '../lib/statistics.ts';
import { busiest, cpuPerEvent } from '../lib/table.ts';

/** From captured changes that nobody has dispatched to recorded deliveries: dispatch and delivery share one worker. */
export const endToEndSuite: Suite = {
  name: 'end to end',
  async *run(context) {
    const changes = context.size(5_000, 40_000);
    const sender = await context.sender('signalbox');
    const samples: Sample[] = [];
    for (let round = 0; round <= context.size(1, 3); round++) {
      const database = await context.database();
      await insertWorkItems(database.pool, changes);
      await database.pool.query('vacuum analyze integration_changes');
      const sample = await drain(context, {
        what: 'end to end',
        senders: [sender],
        settings: [{ kind: 'signalbox', databaseUrl: database.url, concurrency: SLOTS }],
        deliveries: changes,
        isRecorded: nothingPending(database),
      });
      await expectRecorded(database, changes, 'end to end');
      await database.drop();
      if (round > 0) samples.push(sample); // the first one warms the code
    }
    const rates = samples.map((sample) => changes / sample.seconds);
    yield {
      what: 'captured changes to recorded deliveries',
      values: rates,
      unit: '/s',
      ratio:
        context.rawRates.length > 0
          ? `${(median(rates) / median(context.rawRates)).toFixed(3)} of raw`
          : undefined,
      cpu: cpuPerEvent(samples, changes),
      otherCores: busiest(samples),
    };
  },
};
