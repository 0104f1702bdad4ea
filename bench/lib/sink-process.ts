import { createServer, type Server, type Socket } from 'node:net';
import { serve } from './remote.ts';

/**
 * The receiver of the benchmarks, in its own process: a bare HTTP/1.1 responder, so that what is measured
 * is the sender. It counts requests and distinct webhook ids, and keeps when each id arrived first. Header
 * names must be in lower case, as every sender here writes them.
 */
const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"id":"x"}',
);
const HEAD_END = Buffer.from('\r\n\r\n');
/** Each port is an origin of its own to the senders: one host's connections are capped. */
const PORTS = 10;

let latencyMs = 0;
let total = 0;
let firstArrival = new Map<string, number>();
let expected = Number.POSITIVE_INFINITY;
let onExpected = () => {};
let swallowed = 0;

export interface SinkReport {
  total: number;
  distinct: number;
  /** Connections that the dead port accepted. */
  swallowed: number;
  cpuSeconds: number;
}

const handlers = {
  /** The ports that answer, and the one that accepts and never answers. */
  ports: () => ({ ports: open.map(portOf), dead: portOf(dead) }),
  reset(options: { latencyMs: number }) {
    latencyMs = options.latencyMs;
    total = 0;
    swallowed = 0;
    firstArrival = new Map();
    expected = Number.POSITIVE_INFINITY;
  },
  /** Answers when so many distinct ids have arrived. */
  reached(distinct: number) {
    return new Promise<void>((resolve) => {
      expected = distinct;
      onExpected = resolve;
      if (firstArrival.size >= distinct) resolve();
    });
  },
  report(): SinkReport {
    const { user, system } = process.cpuUsage();
    return { total, distinct: firstArrival.size, swallowed, cpuSeconds: (user + system) / 1e6 };
  },
  /** Id and time of arrival, in ms of the machine's monotonic clock. */
  arrivals: () => [...firstArrival],
};
export type SinkHandlers = typeof handlers;

const open = await Promise.all(Array.from({ length: PORTS }, () => listen(answer)));
const dead = await listen((socket) => {
  swallowed++;
  socket.on('error', () => socket.destroy());
  socket.resume();
});
serve(handlers);

function answer(socket: Socket): void {
  let pending: Buffer | null = null;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let data = pending ? Buffer.concat([pending, chunk]) : chunk;
    pending = null;
    while (data.length > 0) {
      const headEnd = data.indexOf(HEAD_END);
      if (headEnd < 0) break;
      const head = data.toString('latin1', 0, headEnd + 2);
      const end = headEnd + 4 + Number(header(head, '\r\ncontent-length: ') ?? 0);
      if (data.length < end) break;
      arrived(header(head, '\r\nwebhook-id: '));
      if (latencyMs > 0) setTimeout(() => socket.write(ANSWER), latencyMs);
      else socket.write(ANSWER);
      data = data.subarray(end);
    }
    if (data.length > 0) pending = data;
  });
}

function header(head: string, name: string): string | undefined {
  const at = head.indexOf(name);
  return at < 0 ? undefined : head.slice(at + name.length, head.indexOf('\r', at + name.length));
}

function arrived(id: string | undefined): void {
  total++;
  if (id === undefined || firstArrival.has(id)) return;
  firstArrival.set(id, Number(process.hrtime.bigint()) / 1e6);
  if (firstArrival.size === expected) onExpected();
}

function listen(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, onConnection);
  return new Promise((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => resolve(server)),
  );
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}
