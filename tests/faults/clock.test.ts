import { setTimeout as sleep } from 'node:timers/promises';
import { createManualClock, type Pool } from '@signalbox/engine';
import { expect, onTestFinished, test, vi } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { createRig } from '../kit/rig.ts';
import { startRecorder } from './arrivals.ts';
import { createChecker, type Injury } from './check.ts';
import { prepareHost, readJournal } from './host.ts';
import { startLoad } from './load.ts';
import { createRandom } from './random.ts';
import { seed } from './short-mode.ts';

const SLOTS = 16;
const JUMPS = 25;
const DAY = 24 * 60 * 60 * 1_000;
const TWO_HOURS = 2 * 60 * 60 * 1_000;

onDatabase('postgres', 'a clock that jumps forth and back', (open) => {
  test('loses nothing, invents nothing and keeps the order; a leap beyond the lease repeats what was in hand', {
    timeout: 60_000,
  }, async () => {
    const database = await open();
    const random = createRandom(seed);
    const latency = random.fork('latency');
    const recorder = await startRecorder({ latencyMs: () => latency.between(0, 30) });
    onTestFinished(() => recorder.close());
    const { shops, subscriptions } = await prepareHost(database.pool as unknown as Pool, {
      tenants: 2,
      url: recorder.url,
    });
    // The injected clock is also the database's: what is due and which lease runs out is asked of it.
    const clock = createManualClock(new Date());
    const rig = await createRig(database, { clock });
    for (let n = 0; n < 2; n++) rig.start({ worker: { concurrency: SLOTS } });

    const load = startLoad({
      origin: '',
      shops,
      databaseUrl: database.url!,
      random: random.fork('load'),
      name: 'c',
      writers: { rest: 0, sql: 6 },
      pauseMs: 30,
    });
    const injuries: Injury[] = [];
    for (let n = 0; n < JUMPS; n++) {
      await sleep(random.between(20, 200));
      const from = performance.now();
      const ms = random.chance(0.5) ? random.between(-TWO_HOURS, TWO_HOURS) : random.between(-40_000, 40_000);
      clock.advance(ms);
      // Leases of both workers may have run out: another may take what they have in hand.
      const killedWorkers = ms > 0 ? 2 : 0;
      injuries.push({
        name: `${ms} ms`,
        from,
        until: from + 2_000,
        killedWorkers,
        outage: false,
        undead: true,
      });
    }
    await load.stop();
    const { committed } = await readJournal(database.pool as unknown as Pool, 0);
    const checker = createChecker({ subscriptions, slots: SLOTS });
    // What was due after a leap back is due when the clock gets there.
    clock.advance(DAY);
    injuries.push({
      name: 'a day on',
      from: performance.now(),
      until: performance.now() + 2_000,
      killedWorkers: 2,
      outage: false,
      undead: true,
    });
    await vi.waitFor(() => expect(checker.missing(committed, recorder.arrivals)).toEqual([]), {
      timeout: 30_000,
      interval: 50,
    });
    await rig.idle();
    const { counts, problems } = checker.round(committed, recorder.arrivals, injuries);
    console.log(`CHAOS_SEED=${seed} ${JSON.stringify(counts)}`);
    expect(problems).toEqual([]);
  });
});
