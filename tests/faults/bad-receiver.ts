import { createServer, type Socket } from 'node:net';
import { type Arrival, readArrival } from './arrivals.ts';

/**
 * What a bad receiver does with a request:
 *
 * - `ok`           answers 200
 * - `hang`         reads it and never answers
 * - `drip`         answers a byte a second, for ever
 * - `reset`        resets the connection instead of answering
 * - `close`        closes it in the middle of the answer's head
 * - `redirect`     answers 302 to itself
 * - `huge`         answers 200 and 15 MiB
 * - `garbage`      answers something that is no HTTP
 * - `short-length` promises more bytes than it sends, then closes
 * - `long-length`  promises fewer bytes than it sends
 * - `error`        answers 500
 */
export type Manner = (typeof MANNERS)[number];

export const MANNERS = [
  'ok',
  'hang',
  'drip',
  'reset',
  'close',
  'redirect',
  'huge',
  'garbage',
  'short-length',
  'long-length',
  'error',
] as const;

/** After these the sender has a whole 2xx answer: it must not send again. */
export const TAKEN: ReadonlySet<Manner> = new Set(['ok', 'huge', 'long-length']);

export interface BadReceiver {
  url(path: string): string;
  arrivals: (Arrival & { manner: Manner })[];
  /** How often the target of the redirect was asked. */
  readonly followed: number;
  close(): Promise<void>;
}

export interface BadReceiverOptions {
  /** What to do with this one; `times` is how often this event came before. */
  manner(arrival: Arrival, times: number): Manner;
  /** Also told of every arrival. */
  arrivals?: Arrival[];
}

const HUGE_BYTES = 15 * 1024 * 1024;

/** An HTTP server by hand on a raw socket, because a proper one would not let itself be so bad. */
export async function startBadReceiver({ manner, arrivals: all }: BadReceiverOptions): Promise<BadReceiver> {
  const arrivals: BadReceiver['arrivals'] = [];
  const times = new Map<string, number>();
  const sockets = new Set<Socket>();
  let followed = 0;

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // senders are killed, too
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (let request = cut(received); request; request = cut(received)) {
        received = received.subarray(request.bytes);
        if (request.path === 'redirected') {
          followed++;
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
          return;
        }
        take(socket, request.path, request.body);
      }
    });
  });

  function take(socket: Socket, path: string, body: string): void {
    const arrival = readArrival(path, body);
    const key = `${path} ${arrival.eventId}`;
    const before = times.get(key) ?? 0;
    times.set(key, before + 1);
    const chosen = manner(arrival, before);
    const kept = Object.assign(arrival, { manner: chosen, refused: !TAKEN.has(chosen) });
    arrivals.push(kept);
    all?.push(kept);
    answer(socket, chosen, () => {
      kept.answeredAt = performance.now();
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: (path) => `http://127.0.0.1:${port}/${path}`,
    arrivals,
    get followed() {
      return followed;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The first whole request in `received`, if there is one. */
function cut(received: Buffer): { path: string; body: string; bytes: number } | null {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = received.subarray(0, end).toString('latin1');
  const length = Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
  const bytes = end + 4 + length;
  if (received.length < bytes) return null;
  return {
    path: head.slice(head.indexOf('/') + 1, head.indexOf(' HTTP/')),
    body: received.subarray(end + 4, bytes).toString('utf8'),
    bytes,
  };
}

function answer(socket: Socket, manner: Manner, done: () => void): void {
  switch (manner) {
    case 'ok':
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', done);
      return;
    case 'error':
      socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops', done);
      return;
    case 'hang':
      return;
    case 'drip': {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
      const dripping = setInterval(() => socket.write('.'), 1_000);
      socket.on('close', () => clearInterval(dripping));
      return;
    }
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'close':
      socket.end('HTTP/1.1 200 OK\r\ncontent-ty');
      return;
    case 'redirect':
      socket.write('HTTP/1.1 302 Found\r\nlocation: /redirected\r\ncontent-length: 0\r\n\r\n', done);
      return;
    case 'huge':
      // Taken once the head is out: how much of the rest is read is the sender's choice.
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${HUGE_BYTES}\r\n\r\n`, done);
      socket.write(Buffer.alloc(HUGE_BYTES, 'x'));
      return;
    case 'garbage':
      socket.end('\u0000\u0001 220 smtp.example.com ESMTP at your service\r\n\r\n<<>>');
      return;
    case 'short-length':
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nok');
      return;
    case 'long-length':
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and a lot more than that', done);
      return;
  }
}
