import type { RecordedCall, TestResult } from '@signalbox/engine';
import { z } from 'zod';

/** One HTTP call of an attempt or a test. */
export const shownCall = z.object({
  request: z.object({
    method: z.string(),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string().nullable(),
  }),
  response: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      truncated: z.boolean(),
    })
    .nullable()
    .describe('Null: no answer came, see failure.'),
  failure: z.object({ kind: z.string(), message: z.string(), maybe_received: z.boolean() }).nullable(),
  timing: z.object({ total_ms: z.number(), connect_ms: z.number(), first_byte_ms: z.number() }),
});

export function showCall({ request, exchange }: RecordedCall) {
  const { totalMs, connectMs, firstByteMs } = exchange.timing;
  return {
    request: {
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: request.body ?? null,
    },
    response: exchange.ok
      ? {
          status: exchange.status,
          headers: exchange.headers,
          body: exchange.body,
          truncated: exchange.truncated,
        }
      : null,
    failure: exchange.ok
      ? null
      : { kind: exchange.failure, message: exchange.message, maybe_received: exchange.maybeReceived },
    timing: { total_ms: totalMs, connect_ms: connectMs, first_byte_ms: firstByteMs },
  };
}

export const shownTest = z.object({
  verdict: z.string(),
  explanation: z.string().nullable(),
  external_id: z.string().nullable(),
  duration_ms: z.number(),
  calls: z.array(shownCall),
});

export function showTest({ verdict, explanation, externalId, durationMs, calls }: TestResult) {
  return {
    verdict,
    explanation,
    external_id: externalId,
    duration_ms: durationMs,
    calls: calls.map(showCall),
  };
}
