import { recordCall } from '../attempts/record-call.ts';
import type { Clock } from '../clock.ts';
import type { HttpClient } from '../connector.ts';
import type { RecordedCall } from '../engine-api.ts';
import type { LoadedIntegration } from '../integrations/load.ts';
import type { Logger } from '../logger.ts';
import { decide, type NextStep } from '../retry/decide.ts';
import { isVerdict, type Verdict } from '../verdict.ts';
import type { ClaimedSync } from './claim.ts';

/** One try, finished: what is written back. */
export interface Tried {
  sync: ClaimedSync;
  integration: LoadedIntegration;
  startedAt: Date;
  durationMs: number;
  verdict: Verdict['kind'] | 'internal_error';
  calls: RecordedCall[];
  step: NextStep;
}

export interface AttemptContext {
  http: HttpClient;
  clock: Clock;
  logger: Logger;
  random(): number;
  signal: AbortSignal;
}

/** Lets the connector deliver one sync, and decides what follows. Never rejects. */
export async function attempt(
  sync: ClaimedSync,
  integration: LoadedIntegration,
  context: AttemptContext,
): Promise<Tried> {
  const { clock, logger, signal } = context;
  const startedAt = clock.now();
  const from = performance.now();
  const calls: RecordedCall[] = [];
  const http: HttpClient = {
    async request(request) {
      const exchange = await context.http.request({ signal, ...request });
      calls.push(recordCall(request, exchange, sync.payload));
      return exchange;
    },
  };
  let verdict: Verdict | null = null;
  try {
    const given: unknown = await integration.connector.deliver(
      {
        settings: integration.settings,
        syncId: sync.id,
        eventId: sync.event_id,
        eventType: sync.event_type,
        body: sync.payload,
        attempt: sync.attempts + 1,
        now: startedAt,
        signal,
      },
      http,
    );
    if (!isVerdict(given)) throw new TypeError(`the connector gave no verdict but ${JSON.stringify(given)}`);
    verdict = given;
  } catch (error) {
    logger.error(
      { err: error, sync: sync.id, integration: integration.id },
      'a connector failed to make its call',
    );
  }
  return {
    sync,
    integration,
    startedAt,
    durationMs: Math.round(performance.now() - from),
    verdict: verdict?.kind ?? 'internal_error',
    calls,
    step: bounded(decide(sync, verdict, integration.retryPolicy, context.random())),
  };
}

/** Explanations quote what receivers answer, and ids are theirs: of any length, with any character. */
const MAX_TEXT = 4_000;

function bounded(step: NextStep): NextStep {
  return { ...step, explanation: storable(step.explanation), externalId: storable(step.externalId) };
}

function storable(text: string | null): string | null {
  return text === null ? null : String(text).slice(0, MAX_TEXT).toWellFormed().replaceAll('\0', '\ufffd');
}
