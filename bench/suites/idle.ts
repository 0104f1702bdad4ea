import { setTimeout as sleep } from 'node:timers/promises';
import type { Suite } from '../lib/context.ts';
import { SLOTS } from '../lib/fixtures.ts';
import { startSenderProcess } from '../senders/sender.ts';

/** What counts as next to nothing, worker and Postgres together. */
const TARGET_PERCENT = 2;
const SETTLE_MS = 1_000;

/** A worker and scheduler with nothing to do: its polls, heartbeats and timers. */
export const idleSuite: Suite = {
  name: 'idle',
  async *run(context) {
    const sender = await startSenderProcess();
    const database = await context.database();
    await context.sink.reset();
    await sender.call('start', {
      kind: 'signalbox',
      databaseUrl: database.url,
      concurrency: SLOTS,
      scheduler: true,
    });
    await sleep(SETTLE_MS);
    const seconds = context.size(2, 10);
    const sample = await context.meter.measure([sender.pid], async () => {
      await sleep(seconds * 1_000);
    });
    await sender.call('stop');
    await sender.close();
    await context.sink.expectExactly(0, 'idle');
    await database.drop();
    const { sender: worker, postgres } = sample.cpu;
    if (worker === null) {
      yield { what: 'idle worker', values: [], unit: '%', note: 'CPU cannot be read on this system' };
      return;
    }
    const percent = ((worker + (postgres ?? 0)) / sample.seconds) * 100;
    yield {
      what: `CPU of an idle worker and its Postgres over ${seconds} s, of one core`,
      values: [percent],
      unit: '%',
      note: `worker ${((worker / sample.seconds) * 100).toFixed(1)}%, Postgres ${(((postgres ?? 0) / sample.seconds) * 100).toFixed(1)}%`,
      otherCores: sample.otherCores,
      target: { text: `≤ ${TARGET_PERCENT}%`, isMet: percent <= TARGET_PERCENT },
    };
  },
};
