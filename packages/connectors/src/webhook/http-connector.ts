import type {
  Connector,
  ConnectorField,
  Delivery,
  HttpClient,
  HttpExchange,
  IntegrationConfig,
  Verdict,
} from '@signalbox/engine';
import { recommendedKeyBytes, signingKey } from '../signing/secret.ts';
import type { JudgeContext } from './judge.ts';
import { configureWebhook, type WebhookSettings } from './settings.ts';

/** What one kind of webhook has of its own; everything else is shared. */
export interface HttpConnectorOptions {
  name: string;
  label: string;
  description: string;
  fields: ConnectorField[];
  judge(exchange: HttpExchange, context: JudgeContext): Verdict;
  warnings?(integration: IntegrationConfig): string[];
}

/** Declares a connector that posts the event to a URL: the generic webhook, or a product with its own answers. */
export function defineHttpConnector(options: HttpConnectorOptions): Connector<WebhookSettings> {
  const { judge, warnings, ...about } = options;
  return {
    ...about,
    configure: configureWebhook,
    warnings: (integration) => [...commonWarnings(integration), ...(warnings?.(integration) ?? [])],
    deliver: (delivery, http) => deliver(delivery, http, judge),
  };
}

async function deliver(
  delivery: Delivery<WebhookSettings>,
  http: HttpClient,
  judge: HttpConnectorOptions['judge'],
): Promise<Verdict> {
  const { settings, now } = delivery;
  let { body } = delivery;
  if (settings.template) {
    const rendered = settings.template.render(JSON.parse(body));
    if (!rendered.ok) return { kind: 'rejected', explanation: `nothing was sent: ${rendered.detail}` };
    body = rendered.json;
  }
  const exchange = await http.request({
    method: settings.method,
    url: settings.url,
    headers: requestHeaders(delivery, body),
    body,
    timeoutMs: settings.timeoutMs,
    signal: delivery.signal,
  });
  return judge(exchange, {
    now,
    url: settings.url,
    requestBytes: Buffer.byteLength(body),
    successStatus: settings.successStatus,
    redact: settings.redact,
  });
}

function requestHeaders(
  { settings, eventId, eventType, attempt, now }: Delivery<WebhookSettings>,
  body: string,
) {
  const headers: Record<string, string> = {
    ...settings.headers,
    'webhook-id': eventId,
    'signalbox-event': eventType,
    'signalbox-attempt': String(attempt),
  };
  return settings.sign
    ? Object.assign(headers, settings.sign(eventId, Math.floor(now.getTime() / 1000), body))
    : headers;
}

function commonWarnings({ url, signing, auth }: IntegrationConfig): string[] {
  const found: string[] = [];
  if (url?.startsWith('http://')) {
    found.push('http:// sends events and credentials unencrypted; use https:// where the receiver has it');
  }
  if (
    signing.type !== 'none' &&
    signing.secrets.some((secret) => signingKey(secret).length < recommendedKeyBytes)
  ) {
    found.push(
      `a signing secret is shorter than ${recommendedKeyBytes} bytes and can be guessed more easily`,
    );
  }
  if (signing.type === 'none' && auth.type === 'none') {
    found.push(
      'without authentication or signing, whoever learns the URL can send events that look like yours',
    );
  }
  return found;
}
