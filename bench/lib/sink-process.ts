import { createServer } from 'node:net';

/**
 * The receiver of the benchmarks, in its own process: a bare HTTP/1.1 responder, so that what is measured
 * is the sender. It counts requests and distinct webhook ids, and keeps when each id arrived first.
 */
const latencyMs = Number(process.env.SINK_LATENCY_MS ?? 0);
const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"id":"x"}',
);
const HEAD_END = Buffer.from('\r\n\r\n');
let total = 0;
let firstArrival = new Map<string, number>();

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer | null = null;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let data = pending ? Buffer.concat([pending, chunk]) : chunk;
    pending = null;
    while (data.length > 0) {
      const headEnd = data.indexOf(HEAD_END);
      if (headEnd < 0) break;
      const head = data.toString('latin1', 0, headEnd).toLowerCase();
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (data.length < end) break;
      arrived(/webhook-id: ([^\r]+)/.exec(head)?.[1]);
      if (latencyMs > 0) setTimeout(() => socket.write(ANSWER), latencyMs);
      else socket.write(ANSWER);
      data = data.subarray(end);
    }
    if (data.length > 0) pending = data;
  });
});

function arrived(id: string | undefined): void {
  total++;
  if (id && !firstArrival.has(id)) firstArrival.set(id, Number(process.hrtime.bigint()) / 1e6);
}

process.on('message', (message: 'reset' | 'report' | 'arrivals') => {
  if (message === 'reset') {
    total = 0;
    firstArrival = new Map();
    process.send!('ok');
  } else if (message === 'report') {
    process.send!({ total, distinct: firstArrival.size, cpu: process.cpuUsage() });
  } else {
    process.send!([...firstArrival]);
  }
});
process.on('disconnect', () => process.exit(0));
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.send!({ port: (server.address() as { port: number }).port });
});
