/**
 * What the guarded client costs beside `undici.request`: both post 1 KB of JSON over kept-alive connections to a
 * sink in a process of its own, in alternating rounds, and read the answer as text.
 *
 *   node bench/http-client.ts [--requests 40000] [--concurrency 64] [--rounds 5]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { createHttpClient } from '../packages/engine/src/http/client.ts';
import { createGuard } from '../packages/engine/src/http/guard.ts';

const { values } = parseArgs({
  options: {
    sink: { type: 'boolean', default: false },
    requests: { type: 'string', default: '40000' },
    concurrency: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
  },
});

if (values.sink) runSink();
else await runBench();

function runSink(): void {
  const answer = '{"id":"x"}';
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
      response.end(answer);
    });
  });
  server.keepAliveTimeout = 600_000;
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
}

async function runBench(): Promise<void> {
  const requests = Number(values.requests);
  const concurrency = Number(values.concurrency);
  const sink = spawn(process.execPath, [import.meta.filename, '--sink'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [port] = (await once(sink, 'message')) as [number];
  const origin = `http://127.0.0.1:${port}`;
  const body = JSON.stringify({ event: 'workitem_created', filler: 'x'.repeat(960) });
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'signalbox-webhooks/1.0 (delivery)',
    'webhook-id': 'evt_0123456789',
  };

  const pool = new Pool(origin, { connections: 256 });
  const client = createHttpClient({
    guard: createGuard({ allow: ['127.0.0.0/8'], plainHttp: true }),
    userAgent: 'bench',
  });
  const { signal } = new AbortController();
  const senders = {
    'undici.request': async () => {
      const answer = await pool.request({ path: '/hook', method: 'POST', headers, body });
      await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`got ${answer.statusCode}`);
    },
    'guarded client': async () => {
      const answer = await client.request({ method: 'POST', url: `${origin}/hook`, headers, body, signal });
      if (!answer.ok || answer.status !== 200) throw new Error(JSON.stringify(answer));
    },
  };

  const rates: Record<string, number[]> = {};
  const cpu: Record<string, number> = {};
  for (const [name, send] of Object.entries(senders)) {
    await drain(send, Math.ceil(requests / 4), concurrency);
    rates[name] = [];
    cpu[name] = 0;
  }
  for (let round = 0; round < Number(values.rounds); round++) {
    const order = Object.entries(senders);
    if (round % 2 === 1) order.reverse();
    for (const [name, send] of order) {
      const before = process.cpuUsage();
      rates[name]!.push(await drain(send, requests, concurrency));
      const { user, system } = process.cpuUsage(before);
      cpu[name]! += (user + system) / requests / Number(values.rounds);
    }
  }
  const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
  const base = median(rates['undici.request']!);
  console.log(
    `${requests} posts a round, ${concurrency} at a time, median of ${values.rounds} rounds; rate, ratio, CPU a request`,
  );
  for (const [name, list] of Object.entries(rates)) {
    const rate = median(list);
    const columns = [
      `${Math.round(rate).toLocaleString('en-US')}/s`,
      (rate / base).toFixed(2),
      `${cpu[name]!.toFixed(1)} µs`,
    ];
    console.log(`${name.padEnd(16)} ${columns.map((column) => column.padStart(10)).join(' ')}`);
  }
  await client.close();
  await pool.close();
  sink.kill();
}

/** Requests per second of `total` sends through `concurrency` slots. */
async function drain(send: () => Promise<void>, total: number, concurrency: number): Promise<number> {
  const startedAt = performance.now();
  let left = total;
  const slot = async () => {
    while (left-- > 0) await send();
  };
  await Promise.all(Array.from({ length: concurrency }, slot));
  return (total / (performance.now() - startedAt)) * 1000;
}
