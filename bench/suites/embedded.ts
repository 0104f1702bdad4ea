import { setTimeout as sleep } from 'node:timers/promises';
import type { Suite } from '../lib/context.ts';
import type { EmbeddedHandlers } from '../lib/embedded-process.ts';
import { SLOTS } from '../lib/fixtures.ts';
import { startRemote } from '../lib/remote.ts';
import { quantile } from '../lib/statistics.ts';
import { cpuPerEvent } from '../lib/table.ts';
import { until, within } from '../lib/within.ts';

const TARGET = 1_000;
const LIMIT_MS = 50;
const EVERY_MS = 20;

/** The embedded database with everything in one process, which also answers its API. */
export const embeddedSuite: Suite = {
  name: 'embedded',
  async *run(context) {
    const { sink, meter, size, payload } = context;
    const deliveries = size(2_000, 15_000);
    const remote = await startRemote<EmbeddedHandlers>(
      new URL('../lib/embedded-process.ts', import.meta.url),
    );
    try {
      const api = await remote.call('open', sink.origins[0]!);
      await remote.call('fill', deliveries, payload);
      await sink.reset();
      const client = callSteadily(api);
      const sample = await meter.measure([remote.pid], async () => {
        await remote.call('start', SLOTS);
        await within(120, 'the embedded database', sink.reached(deliveries));
        await within(
          60,
          'results',
          until(10, async () => (await remote.call('pending')) === 0),
        );
      });
      const answers = await client.stop();
      await sink.expectExactly(deliveries, 'embedded');
      const rate = deliveries / sample.seconds;
      const p99 = quantile(answers, 0.99);
      yield {
        what: 'drain, API and scheduler in the same process',
        values: [rate],
        unit: '/s',
        cpu: cpuPerEvent([{ ...sample, cpu: { ...sample.cpu, postgres: null, redis: null } }], deliveries),
        otherCores: sample.otherCores,
        target: { text: `≥ ${TARGET.toLocaleString('en-US')}/s`, isMet: rate >= TARGET },
      };
      yield {
        what: `GET /api/v1/me meanwhile, ${1_000 / EVERY_MS} a second: p99`,
        values: [p99],
        unit: 'ms',
        ratio: `p50 ${quantile(answers, 0.5).toFixed(1)} ms of ${answers.length}`,
        target: { text: `≤ ${LIMIT_MS} ms`, isMet: p99 <= LIMIT_MS },
      };
      await remote.call('close');
    } finally {
      await remote.close();
    }
  },
};

/** One call every 20 ms, whether or not the one before was answered. */
function callSteadily({ origin, key }: { origin: string; key: string }) {
  const answers: number[] = [];
  const calls = new Set<Promise<void>>();
  let isOver = false;
  const call = async () => {
    const from = performance.now();
    const answer = await fetch(`${origin}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } });
    await answer.text();
    if (!answer.ok) throw new Error(`GET /api/v1/me answered ${answer.status}`);
    answers.push(performance.now() - from);
  };
  const loop = (async () => {
    while (!isOver) {
      const one = call().finally(() => calls.delete(one));
      calls.add(one);
      await sleep(EVERY_MS);
    }
    await Promise.all(calls);
  })();
  loop.catch(() => {});
  return {
    async stop() {
      isOver = true;
      await loop;
      return answers;
    },
  };
}
