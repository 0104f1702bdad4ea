import { setTimeout as sleep } from 'node:timers/promises';
import type { Suite } from '../lib/context.ts';
import { count, SLOTS } from '../lib/fixtures.ts';
import { startSenderProcess } from '../senders/sender.ts';

const LIMIT_MIB = 300;

/** What a worker holds while it works off a backlog that is far larger than it should keep in memory. */
export const memorySuite: Suite = {
  name: 'memory',
  async *run(context) {
    const pending = context.size(50_000, 1_000_000);
    const database = await context.withBacklog({ pending });
    const sender = await startSenderProcess();
    await context.sink.reset();
    let largest = 0;
    const sample = await context.meter.measure([sender.pid], async () => {
      await sender.call('start', { kind: 'signalbox', databaseUrl: database.url, concurrency: SLOTS });
      const until = performance.now() + context.size(1_500, 20_000);
      while (performance.now() < until) {
        largest = Math.max(largest, await sender.call('memory'));
        await sleep(50);
      }
    });
    await sender.call('stop');
    await sender.close();
    const synced = await count(database.pool, `integration_syncs where status = 'synced'`);
    await context.sink.expectExactly(synced, 'memory');
    await database.drop();
    const mib = largest / 2 ** 20;
    yield {
      what: `largest resident size of a worker with a backlog of ${pending.toLocaleString('en-US')}`,
      values: [mib],
      unit: 'MiB',
      note: `${synced.toLocaleString('en-US')} delivered meanwhile`,
      otherCores: sample.otherCores,
      target: { text: `≤ ${LIMIT_MIB} MiB`, isMet: mib <= LIMIT_MIB },
    };
  },
};
