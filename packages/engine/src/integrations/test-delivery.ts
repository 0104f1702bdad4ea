import { recordCall } from '../attempts/record-call.ts';
import type { Clock } from '../clock.ts';
import type { Connector, HttpClient } from '../connector.ts';
import type { Catalogue, RecordedCall, TestResult } from '../engine-api.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { uuidv7 } from '../uuid.ts';
import { openSecrets } from './secrets.ts';
import type { StoredConfiguration } from './store.ts';
import { requireConnector } from './validate.ts';

export interface TestOptions {
  id: number;
  stored: StoredConfiguration;
  eventType?: string;
  tenant: { id: unknown; name: string };
  catalogue: Catalogue;
  connectors: ReadonlyMap<string, Connector>;
  keyRing: KeyRing;
  http: HttpClient;
  clock: Clock;
}

/**
 * Sends a sample event by the way of every delivery: the same connector, the same guarded client. Only
 * the queue is left out, and nothing is stored.
 */
export async function testConfiguration(options: TestOptions): Promise<TestResult> {
  const { id, stored, catalogue, clock, tenant } = options;
  const connector = requireConnector(options.connectors, stored.connector);
  const eventType = options.eventType ?? stored.event_types[0]!;
  const eventId = uuidv7(clock.now().getTime());
  const body = JSON.stringify({ ...catalogue.sample(eventType, tenant), event_id: eventId, test: true });
  const opened = openSecrets(options.keyRing, id, stored.secrets);
  const settings = connector.configure({
    url: stored.url,
    headers: opened.headers,
    auth: opened.auth(stored.auth),
    signing: opened.signing(stored.signing, clock.now()),
    template: stored.template,
    settings: stored.settings,
  });
  const calls: RecordedCall[] = [];
  const from = performance.now();
  const verdict = await connector.deliver(
    {
      settings,
      syncId: 0,
      eventId,
      eventType,
      body,
      attempt: 1,
      now: clock.now(),
      signal: new AbortController().signal,
    },
    {
      async request(request) {
        const exchange = await options.http.request(request);
        // the body is shown: there is no stored event to look it up in
        calls.push(recordCall(request, exchange, ''));
        return exchange;
      },
    },
  );
  return {
    verdict: verdict.kind,
    explanation: verdict.kind === 'delivered' ? (verdict.note ?? null) : verdict.explanation,
    externalId: verdict.kind === 'delivered' ? (verdict.externalId ?? null) : null,
    durationMs: Math.round(performance.now() - from),
    calls,
  };
}
