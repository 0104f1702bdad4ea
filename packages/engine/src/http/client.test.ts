import { createServer, type RequestListener, type Server } from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createHttpClient, type HttpClientOptions, type OwnedHttpClient } from './client.ts';
import { createGuard } from './guard.ts';
import type { HttpAnswer, HttpExchange, HttpFailure, HttpRequest } from './types.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function buildClient(options: Partial<HttpClientOptions> = {}): OwnedHttpClient {
  const guard = createGuard({ allow: ['127.0.0.0/8'], plainHttp: true });
  const client = createHttpClient({ guard, userAgent: 'signalbox-test', ...options });
  closers.push(() => client.close());
  return client;
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    (server as Partial<Server>).closeAllConnections?.();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

const serve = async (listener: RequestListener) =>
  `http://127.0.0.1:${await listen(createServer(listener))}/hook?key=s3cret`;

/** A server that says these bytes to whoever asks. */
const serveBytes = async (say: (socket: net.Socket) => void) => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => say(socket));
  });
  return `http://127.0.0.1:${await listen(server)}/`;
};

const post = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json' },
  body: '{"a":1}',
  ...more,
});

const answered = (exchange: HttpExchange): HttpAnswer => {
  expect(exchange.ok, JSON.stringify(exchange)).toBe(true);
  return exchange as HttpAnswer;
};

const failed = (exchange: HttpExchange): HttpFailure => {
  expect(exchange.ok, JSON.stringify(exchange)).toBe(false);
  return exchange as HttpFailure;
};

describe('an answer', () => {
  it('comes back with status, joined headers, text and timing; the request goes out as given', async () => {
    const seen: { body?: string; agent?: string } = {};
    const url = await serve((request, response) => {
      seen.agent = request.headers['user-agent'];
      request.on('data', (chunk) => {
        seen.body = `${seen.body ?? ''}${chunk}`;
      });
      request.on('end', () => {
        response.writeHead(201, { 'x-twice': ['a', 'b'], 'content-type': 'text/plain; charset=latin1' });
        response.end(Buffer.from([0xe4]));
      });
    });
    const answer = answered(await buildClient().request(post(url)));
    expect(answer).toMatchObject({ status: 201, body: 'ä', truncated: false });
    expect(answer.headers['x-twice']).toBe('a, b');
    expect(answer.timing.totalMs).toBeGreaterThan(0);
    expect(answer.timing.connectMs).toBeGreaterThan(0);
    expect(seen).toEqual({ agent: 'signalbox-test', body: '{"a":1}' });
  });

  it('that redirects is not followed', async () => {
    let calls = 0;
    const url = await serve((_, response) => {
      calls++;
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    });
    expect(answered(await buildClient().request(post(url)))).toMatchObject({ status: 302 });
    expect(calls).toBe(1);
  });

  it('reuses the connection, which then costs nothing', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('ok');
    });
    const client = buildClient();
    await client.request(post(url));
    await sleep(5);
    const second = answered(await client.request(post(url)));
    expect(ports.size).toBe(1);
    expect(second.timing.connectMs).toBe(0);
  });

  it('of 15 MiB is cut at the cap and its connection dropped', async () => {
    const url = await serve((_, response) => response.end(Buffer.alloc(15 * 1024 * 1024, 'x')));
    const answer = answered(await buildClient().request(post(url)));
    expect(answer.truncated).toBe(true);
    expect(answer.body).toHaveLength(65_536);
  });

  it('a little over the cap keeps its connection', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('x'.repeat(70_000));
    });
    const client = buildClient();
    for (let i = 0; i < 2; i++) {
      expect(answered(await client.request(post(url)))).toMatchObject({ truncated: true });
      await sleep(5);
    }
    expect(ports.size).toBe(1);
  });

  it('that never ends is cut at the cap', async () => {
    const url = await serve((_, response) => {
      const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.on('close', () => clearInterval(timer));
    });
    expect(answered(await buildClient().request(post(url)))).toMatchObject({ status: 200, truncated: true });
  });

  it('longer than its content-length is what the content-length says', async () => {
    const url = await serveBytes((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokGARBAGE'),
    );
    expect(answered(await buildClient().request(post(url))).body).toBe('ok');
  });

  it('without a length ends with the connection', async () => {
    const url = await serveBytes((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it'),
    );
    expect(answered(await buildClient().request(post(url))).body).toBe('all of it');
  });
});

describe('a failure', () => {
  it('of a port where nothing listens says so; nothing was received', async () => {
    const server = net.createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(failed(await buildClient().request(post(`http://127.0.0.1:${port}/`)))).toMatchObject({
      failure: 'connect',
      message: `nothing is listening at 127.0.0.1:${port} (connection refused)`,
      maybeReceived: false,
    });
  });

  it.each([
    ['hangs', () => {}, 'did not answer within 300 ms'],
    [
      'drips its body',
      (_: unknown, response: { write(text: string): void; on(name: string, run: () => void): void }) => {
        const timer = setInterval(() => response.write('.'), 20);
        response.on('close', () => clearInterval(timer));
      },
      'answered 200 but did not finish within 300 ms',
    ],
  ] as const)('of a receiver that %s comes at the deadline', async (_, listener, words) => {
    const url = await serve(listener as unknown as RequestListener);
    const startedAt = performance.now();
    const failure = failed(await buildClient().request(post(url, { timeoutMs: 300 })));
    expect(failure).toMatchObject({ failure: 'timeout', maybeReceived: true });
    expect(failure.message).toContain(words);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('of a receiver that drips its headers comes at the deadline', async () => {
    const url = await serveBytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x-a: b\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    expect(failed(await buildClient().request(post(url, { timeoutMs: 300 })))).toMatchObject({
      failure: 'timeout',
    });
  });

  it.each([
    ['before the answer', '', 'closed the connection before it answered'],
    [
      'in the body',
      'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf',
      'closed the connection after it answered 200',
    ],
  ])('of a connection reset %s is a reset', async (_, bytes, words) => {
    const url = await serveBytes((socket) => {
      if (bytes) socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20));
      else socket.resetAndDestroy();
    });
    const failure = failed(await buildClient().request(post(url)));
    expect(failure).toMatchObject({ failure: 'reset', maybeReceived: true });
    expect(failure.message).toContain(words);
  });

  it('of a body shorter than its content-length is a reset', async () => {
    const url = await serveBytes((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'),
    );
    expect(failed(await buildClient().request(post(url)))).toMatchObject({
      failure: 'reset',
      maybeReceived: true,
    });
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`],
  ])('of a server that answers %s names the protocol', async (_, bytes) => {
    const url = await serveBytes((socket) => socket.end(bytes));
    const failure = failed(await buildClient().request(post(url)));
    expect(failure).toMatchObject({ failure: 'protocol', maybeReceived: true });
    expect(failure.message).toContain('not valid HTTP');
  });

  it('of TLS against a server that has none says so', async () => {
    const url = (await serve((_, response) => response.end())).replace('http:', 'https:');
    const failure = failed(await buildClient().request(post(url)));
    expect(failure).toMatchObject({ failure: 'tls', maybeReceived: false });
    expect(failure.message).toContain('does not speak TLS');
  });

  it('of a name that does not exist is a dns failure', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(failed(await buildClient({ lookup }).request(post('http://nowhere.example/')))).toMatchObject({
      failure: 'dns',
      message: 'no such host: nowhere.example (is the name in the URL right?)',
      maybeReceived: false,
    });
  });

  it('of a connection that does not come about says that nothing was sent', async () => {
    const lookup = () => new Promise<never>(() => {});
    const client = buildClient({ lookup, connectTimeoutMs: 60_000 });
    expect(failed(await client.request(post('http://slow.example/', { timeoutMs: 200 })))).toMatchObject({
      failure: 'connect',
      message: 'no connection to slow.example:80 within 200 ms',
      maybeReceived: false,
    });
  });

  it('never shows the path or query of the URL', async () => {
    const url = await serve((request) => request.socket.destroy());
    expect(JSON.stringify(failed(await buildClient().request(post(url))))).not.toContain('s3cret');
  });
});

describe('the guard', () => {
  const resolving = (...addresses: string[]) =>
    vi.fn(async () => addresses.map((address) => ({ address, family: net.isIP(address) })));

  it('refuses before anything is resolved when the URL says enough', async () => {
    const lookup = resolving('8.8.8.8');
    const failure = failed(await buildClient({ lookup }).request(post('http://[::ffff:10.0.0.1]/')));
    expect(failure).toMatchObject({ failure: 'refused-by-guard', maybeReceived: false });
    expect(lookup).not.toHaveBeenCalled();
  });

  it('refuses a name when one of its addresses is not public', async () => {
    const lookup = resolving('8.8.8.8', '10.0.0.1');
    const failure = failed(await buildClient({ lookup }).request(post('http://mixed.example/')));
    expect(failure).toMatchObject({ failure: 'refused-by-guard', maybeReceived: false });
    expect(failure.message).toContain('mixed.example resolves to 10.0.0.1');
  });

  it('connects to the address it vetted, whatever the name would answer a moment later', async () => {
    const url = new URL(await serve((_, response) => response.end('vetted')));
    let asked = 0;
    const lookup = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '10.0.0.1', family: 4 }];
    const client = buildClient({ lookup });
    const target = `http://rebind.example:${url.port}/`;
    expect(answered(await client.request(post(target))).body).toBe('vetted');
    expect(asked).toBe(1);
  });

  it('judges each new connection anew', async () => {
    const url = new URL(await serve((_, response) => response.writeHead(200, { connection: 'close' }).end()));
    let asked = 0;
    const lookup = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254', family: 4 }];
    const client = buildClient({ lookup });
    const target = `http://rebind.example:${url.port}/`;
    answered(await client.request(post(target)));
    expect(failed(await client.request(post(target)))).toMatchObject({ failure: 'refused-by-guard' });
  });
});

describe('stopping', () => {
  it('an aborted signal ends the call in flight', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    expect(failed(await buildClient().request(post(url, { signal: controller.signal })))).toMatchObject({
      failure: 'aborted',
      maybeReceived: true,
    });
  });

  it('an aborted signal sends nothing', async () => {
    const url = await serve(() => expect.unreachable());
    const exchange = await buildClient().request(post(url, { signal: AbortSignal.abort() }));
    expect(failed(exchange)).toMatchObject({ failure: 'aborted', maybeReceived: false });
  });

  it('close ends what is in flight, and nothing is sent after it', async () => {
    const url = await serve(() => {});
    const client = buildClient();
    const pending = client.request(post(url));
    await sleep(50);
    await client.close();
    expect(failed(await pending)).toMatchObject({ failure: 'aborted' });
    expect(failed(await client.request(post(url)))).toMatchObject({ failure: 'aborted' });
  });
});

describe('limits', () => {
  it('a slow receiver does not hold up another', async () => {
    const slow = await serve(() => {});
    const fast = await serve((_, response) => response.end('ok'));
    const client = buildClient();
    const waiting = Array.from({ length: 50 }, () => client.request(post(slow, { timeoutMs: 500 })));
    const startedAt = performance.now();
    answered(await client.request(post(fast)));
    expect(performance.now() - startedAt).toBeLessThan(400);
    await Promise.all(waiting);
  });

  it('the number of origins with kept connections is bounded', async () => {
    const client = buildClient({ maxOrigins: 3 });
    for (let i = 0; i < 6; i++) {
      answered(await client.request(post(await serve((_, response) => response.end('ok')))));
    }
    expect(client.stats()).toEqual({ inFlight: 0, origins: 3 });
  });

  it('a header that cannot be sent is our own fault and throws', async () => {
    const url = await serve((_, response) => response.end());
    await expect(buildClient().request(post(url, { headers: { 'x-a': 'b\r\nc: d' } }))).rejects.toThrow(
      'invalid',
    );
  });
});
