import { ConfigurationError, didYouMean, type HttpRequest, type IntegrationConfig } from '@signalbox/engine';
import { createSigner, type Signer } from '../signing/signer.ts';
import { buildHeaders } from '../support/headers.ts';
import { createRedactor, type Redact, secretValues } from '../support/redact.ts';
import { compileTemplate, type Template } from '../template/compile.ts';

/** Everything a delivery needs, checked and compiled once for an integration. */
export interface WebhookSettings {
  url: string;
  method: HttpRequest['method'];
  timeoutMs: number;
  successStatus: readonly number[] | null;
  /** What every request carries, in lower case. */
  headers: Record<string, string>;
  sign: Signer | null;
  template: Template | null;
  redact: Redact;
}

export const minTimeoutMs = 1000;
export const maxTimeoutMs = 60_000;
export const defaultTimeoutMs = 15_000;

const methods = ['POST', 'PUT', 'PATCH'] as const;
const known = ['method', 'timeout_ms', 'success_status'];

/**
 * Checks and completes the configuration of a webhook. Whether the URL's address may be called is for the guard to
 * say, at each connection.
 *
 * @throws ConfigurationError
 */
export function configureWebhook(integration: IntegrationConfig): WebhookSettings {
  const { settings } = integration;
  for (const key of Object.keys(settings)) {
    if (known.includes(key)) continue;
    throw new ConfigurationError(`settings.${key}`, `there is no setting ${key}.${didYouMean(key, known)}`);
  }
  return {
    url: checkUrl(integration.url),
    method: checkMethod(settings.method ?? 'POST'),
    timeoutMs: checkTimeout(settings.timeout_ms ?? defaultTimeoutMs),
    successStatus: checkSuccessStatus(settings.success_status ?? null),
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'signalbox-webhooks/1.0 (delivery)',
      ...buildHeaders(integration.headers, integration.auth),
    },
    sign: createSigner(integration.signing),
    template: integration.template == null ? null : compileTemplate(integration.template),
    redact: createRedactor(secretValues(integration)),
  };
}

function checkUrl(url: string | null): string {
  if (!url) throw new ConfigurationError('url', 'a URL is needed, such as https://example.com/hooks');
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new ConfigurationError('url', 'must be a URL that starts with https:// (or http://)');
  }
  if (parsed.username || parsed.password) {
    throw new ConfigurationError('url', 'holds a user name or password; use the authentication instead');
  }
  return url;
}

function checkMethod(method: unknown): HttpRequest['method'] {
  const found = methods.find((one) => one === String(method).toUpperCase());
  if (!found)
    throw new ConfigurationError('settings.method', `must be ${methods.join(', ')}, got ${String(method)}`);
  return found;
}

function checkTimeout(timeout: unknown): number {
  if (Number.isInteger(timeout) && Number(timeout) >= minTimeoutMs && Number(timeout) <= maxTimeoutMs) {
    return Number(timeout);
  }
  throw new ConfigurationError(
    'settings.timeout_ms',
    `must be ${minTimeoutMs} to ${maxTimeoutMs} milliseconds, got ${String(timeout)}`,
  );
}

function checkSuccessStatus(status: unknown): number[] | null {
  if (status === null) return null;
  const list = Array.isArray(status) ? status : [status];
  if (list.length > 0 && list.every((one) => Number.isInteger(one) && one >= 200 && one <= 599)) return list;
  throw new ConfigurationError('settings.success_status', 'must be a status such as 200, or a list of them');
}
