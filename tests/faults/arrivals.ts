import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request that a receiver got, with what its body says. Written by receivers only. */
export interface Arrival {
  /** Which integration called. */
  path: string;
  at: number;
  /** When the answer was handed to the network; null while it was not. */
  answeredAt: number | null;
  /** The receiver itself did not take it: it answered badly, or not at all. Trying again is then right. */
  refused: boolean;
  eventId: string;
  eventType: string;
  tenantId: number;
  model: string;
  recordId: number;
  /** The host's own counter, in the record's `comments`. */
  version: number;
  /** Which write it was, in the record's description or name. */
  token: string;
  sequence: number;
}

interface Body {
  event_type: string;
  event_id: string;
  sequence: number;
  tenant: { id: number };
  workitem?: { id: number; description: string; comments: string };
  customer?: { id: number; name: string; comments: string };
}

export function readArrival(path: string, body: string): Arrival {
  const { event_type, event_id, sequence, tenant, workitem, customer } = JSON.parse(body) as Body;
  const record = workitem ?? customer!;
  return {
    path,
    at: performance.now(),
    answeredAt: null,
    refused: false,
    eventId: event_id,
    eventType: event_type,
    tenantId: tenant.id,
    model: workitem ? 'work_item' : 'customer',
    recordId: record.id,
    version: Number(record.comments),
    token: workitem ? workitem.description : customer!.name,
    sequence,
  };
}

/** A receiver that takes everything, after a short while, and writes down what it got. */
export interface Recorder {
  url(path: string): string;
  arrivals: Arrival[];
  /** Requests that have no answer yet. */
  readonly open: number;
  close(): Promise<void>;
}

export interface RecorderOptions {
  /** How long an answer takes, in ms. Default 0. */
  latencyMs?(): number;
  arrivals?: Arrival[];
}

/** It lives in the test's own process, which no fault reaches. */
export async function startRecorder({
  latencyMs = () => 0,
  arrivals = [],
}: RecorderOptions = {}): Promise<Recorder> {
  let open = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      return; // the sender was killed in the middle of its request
    }
    const arrival = readArrival(request.url!.slice(1), body);
    arrivals.push(arrival);
    open++;
    response.on('finish', () => {
      arrival.answeredAt = performance.now();
    });
    response.on('close', () => open--);
    const wait = latencyMs();
    if (wait > 0) await sleep(wait);
    response.end('ok');
  });
  server.keepAliveTimeout = 60_000;
  const origin = await listen(server);
  return {
    url: (path) => `${origin}/${path}`,
    arrivals,
    get open() {
      return open;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
