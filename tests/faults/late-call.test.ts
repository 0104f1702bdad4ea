import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { Call } from '../../packages/engine/src/http/call.ts';
import type { Origin } from '../../packages/engine/src/http/origins.ts';
import type { HttpExchange } from '../../packages/engine/src/http/types.ts';

// Found by freezing a worker beyond its lease: its connections were made meanwhile, and when it went on it
// sent over them what another worker had delivered, after later versions of the same record.

test('a call whose connection is there only when its time is over is not sent', async () => {
  const origin = { where: 'shop.example:443', takeConnectMs: () => 0 } as unknown as Origin;
  const exchanges: HttpExchange[] = [];
  const finished = vi.fn();
  const abort = vi.fn();
  const call = new Call(
    { maxBodyBytes: 100, finished },
    origin,
    20,
    undefined,
    (exchange) => exchanges.push(exchange),
    () => {},
  );
  await sleep(30);
  call.onRequestStart({ abort } as unknown as Parameters<Call['onRequestStart']>[0]);
  expect(abort).toHaveBeenCalledOnce();
  expect(finished).toHaveBeenCalledOnce();
  expect(exchanges).toMatchObject([{ ok: false, failure: 'connect', maybeReceived: false }]);
});
