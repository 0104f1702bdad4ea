import type { RecordedCall } from '../engine-api.ts';
import type { HttpExchange, HttpRequest } from '../http/types.ts';

const REDACTED = '[redacted]';

/** Header names whose values are no secrets. Everything else that a tenant may have set is redacted. */
const PUBLIC_HEADERS = new Set([
  'accept',
  'content-length',
  'content-type',
  'idempotency-key',
  'user-agent',
  'traceparent',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-hub-signature-256',
  'signalbox-event',
  'signalbox-attempt',
]);

/** Answers' headers that carry credentials. */
const SECRET_ANSWER_HEADERS = new Set(['set-cookie', 'authorization', 'www-authenticate']);

/**
 * What is kept of a call: secret header values, query and credentials of the URL redacted, and a body that is the sync's
 * payload left out, because the event has it.
 */
export function recordCall(request: HttpRequest, exchange: HttpExchange, payload: string): RecordedCall {
  const { method, url, headers, body } = request;
  return {
    request: {
      method,
      url: redactUrl(url),
      headers: redact(headers, (name) => !PUBLIC_HEADERS.has(name)),
      ...(body !== undefined && body !== payload && { body }),
    },
    exchange: exchange.ok
      ? { ...exchange, headers: redact(exchange.headers, (name) => SECRET_ANSWER_HEADERS.has(name)) }
      : exchange,
  };
}

function redact(
  headers: Record<string, string>,
  isSecret: (name: string) => boolean,
): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name in headers) shown[name] = isSecret(name.toLowerCase()) ? REDACTED : headers[name]!;
  return shown;
}

function redactUrl(url: string): string {
  const query = url.search(/[?#]/);
  const path = query < 0 ? url : url.slice(0, query);
  const shown = path.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, `$1${REDACTED}@`);
  return query < 0 ? shown : `${shown}?${REDACTED}`;
}
