import type { HttpExchange, HttpRequest } from './http/types.ts';
import type { Verdict } from './verdict.ts';

/**
 * A connector turns a sync into calls and judges the answers. One folder per connector is the only
 * place where that connector is known.
 */
export interface Connector<Settings = unknown> {
  /** Stored in `tenant_integrations.connector`; kebab-case. */
  name: string;
  label: string;
  description: string;
  /** Drives API validation, the form and the docs. */
  fields: ConnectorField[];
  /** Checks and completes the tenant's configuration. Throws {@link ConfigurationError}. Pure. */
  configure(integration: IntegrationConfig): Settings;
  /** What works but probably not as meant, in plain words; shown when an integration is saved. Pure. */
  warnings?(integration: IntegrationConfig): string[];
  /**
   * Delivers one event. Never throws for what a destination does: a refused connection, a timeout or a
   * 500 is a verdict. What it throws is our own fault and burns no retry.
   */
  deliver(delivery: Delivery<Settings>, http: HttpClient): Promise<Verdict>;
}

export interface ConnectorField {
  /** A path in the API's integration, such as `url` or `settings.channel`. */
  name: string;
  label: string;
  help: string;
  type: 'url' | 'text' | 'secret' | 'select' | 'boolean' | 'number' | 'json';
  required?: boolean;
  options?: { value: string; label: string }[];
  placeholder?: string;
}

/** What a tenant configured, secrets opened. Lives in memory only. */
export interface IntegrationConfig {
  url: string | null;
  headers: Record<string, string>;
  auth: Auth;
  signing: Signing;
  template: unknown;
  settings: Record<string, unknown>;
}

export type Auth =
  | { type: 'none' }
  | { type: 'header'; name: string; value: string }
  | { type: 'basic'; username: string; password: string }
  | { type: 'bearer'; token: string };

/** `secrets`: the first signs first; all that are listed sign, so a rotation overlaps. */
export type Signing =
  | { type: 'none' }
  | { type: 'standard-webhooks'; secrets: string[] }
  | { type: 'hub-sha256'; secrets: string[] };

export interface Delivery<Settings = unknown> {
  settings: Settings;
  syncId: number;
  /** Stable over retries, replays and crashes: `webhook-id`. */
  eventId: string;
  eventType: string;
  /** The JSON text as stored; sent as it is when there is no template. */
  body: string;
  /** 1 for the first try. */
  attempt: number;
  now: Date;
  signal: AbortSignal;
}

/** The guarded way out: every call is vetted, bounded and recorded with the attempt. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpExchange>;
}

/** One thing that is wrong; `pointer` is a JSON pointer into the API's integration, such as `/settings/method`. */
export interface ConfigurationIssue {
  pointer: string;
  detail: string;
}

/** A tenant's configuration that cannot work; `field` is a path in the API's integration, such as `settings.method`. */
export class ConfigurationError extends Error {
  readonly field: string;
  /** Everything that is wrong, at least one; goes into the API's `errors` as it is. */
  readonly issues: readonly ConfigurationIssue[];
  constructor(field: string, message: string, issues?: readonly ConfigurationIssue[]) {
    super(message);
    this.name = 'ConfigurationError';
    this.field = field;
    this.issues = issues ?? [{ pointer: `/${field.replaceAll('.', '/')}`, detail: message }];
  }
}
