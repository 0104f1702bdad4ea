import { randomBytes } from 'node:crypto';
import { ConfigurationError, type Connector } from '../connector.ts';
import type { Catalogue } from '../engine-api.ts';
import type { Guard } from '../http/guard.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import {
  describeSecrets,
  NO_SECRETS,
  openSecrets,
  readSecrets,
  type SecretDocument,
  sealSecrets,
  signingSecret,
  splitAuth,
} from './secrets.ts';
import type { FullRow, StoredConfiguration } from './store.ts';
import type { IntegrationInput } from './types.ts';
import { checkEventTypes, checkRetryPolicy, requireConnector } from './validate.ts';

export const DEFAULTS: Omit<IntegrationInput, 'name' | 'connector' | 'eventTypes'> = {
  url: null,
  headers: {},
  auth: { type: 'none' },
  signing: { type: 'none' },
  filter: null,
  template: null,
  retryPolicy: { preset: 'standard' },
  rateLimit: null,
  concurrency: 16,
  ordering: 'record',
  coalesce: false,
  notes: 'all',
  isActive: true,
  settings: {},
};

export interface ConfigurationContext {
  catalogue: Catalogue;
  connectors: ReadonlyMap<string, Connector>;
  keyRing: KeyRing;
  now: Date;
  /** The one that deliveries pass, too. */
  guard: Guard;
  /** Throws ConfigurationError when it does not compile. */
  compileFilter(filter: unknown): unknown;
}

export interface NewConfiguration {
  stored: StoredConfiguration;
  /** Made here because none was given; shown once. */
  generatedSecret: string | null;
}

/**
 * Lays an input over what was stored (`null`: a new integration), checks the whole, and seals its
 * secrets. Throws ConfigurationError naming the field; then nothing has been stored.
 */
export function buildConfiguration(
  id: number,
  before: FullRow | null,
  input: Partial<IntegrationInput>,
  context: ConfigurationContext,
): NewConfiguration {
  const { keyRing, now } = context;
  const oldSecrets = before ? readSecrets(keyRing, id, before.secrets) : NO_SECRETS;
  const auth = input.auth && splitAuth(input.auth);
  const signing = buildSigning(before, oldSecrets, input);
  const secrets: SecretDocument = {
    headers: input.headers ?? oldSecrets.headers,
    auth: auth ? auth.secret : oldSecrets.auth,
    signing: signing.secrets,
  };
  const stored: StoredConfiguration = {
    name: input.name ?? before?.name ?? '',
    connector: input.connector ?? before?.connector ?? '',
    event_types: [...new Set(input.eventTypes ?? before?.event_types ?? [])],
    url: pick(input.url, before?.url, DEFAULTS.url),
    auth: auth?.stored ?? before?.auth ?? { type: 'none' },
    signing: { type: input.signing?.type ?? before?.signing.type ?? 'none' },
    secrets: sealSecrets(keyRing, id, secrets),
    secrets_info: describeSecrets(secrets, oldSecrets, before?.secrets_info ?? {}, now),
    filter: pick(input.filter, before?.filter, DEFAULTS.filter),
    template: pick(input.template, before?.template, DEFAULTS.template),
    settings: input.settings ?? before?.settings ?? DEFAULTS.settings,
    retry_policy: input.retryPolicy ?? before?.retry_policy ?? DEFAULTS.retryPolicy,
    rate_limit: toRateLimit(input.rateLimit, before),
    concurrency: input.concurrency ?? before?.concurrency ?? DEFAULTS.concurrency,
    ordering: input.ordering ?? before?.ordering ?? DEFAULTS.ordering,
    coalesce: input.coalesce ?? before?.coalesce ?? DEFAULTS.coalesce,
    notes: input.notes ?? before?.notes ?? DEFAULTS.notes,
    warnings: [],
    is_active: input.isActive ?? before?.is_active ?? DEFAULTS.isActive,
  };
  stored.warnings = check(id, stored, context);
  return { stored, generatedSecret: signing.generated };
}

/**
 * The same checks that a worker's use of the integration would make, at the time of saving. Returns the
 * connector's warnings.
 */
function check(id: number, stored: StoredConfiguration, context: ConfigurationContext): string[] {
  const connector = requireConnector(context.connectors, stored.connector);
  checkEventTypes(context.catalogue, stored.event_types);
  checkRetryPolicy(stored.retry_policy);
  if (stored.filter !== null) context.compileFilter(stored.filter);
  const opened = openSecrets(context.keyRing, id, stored.secrets);
  const config = {
    url: stored.url,
    headers: opened.headers,
    auth: opened.auth(stored.auth),
    signing: opened.signing(stored.signing, context.now),
    template: stored.template,
    settings: stored.settings,
  };
  connector.configure(config);
  checkUrl(stored.url, context.guard);
  return connector.warnings?.(config) ?? [];
}

/** Names are resolved when they are called, because they may mean something else by then. */
function checkUrl(url: string | null, guard: Guard): void {
  if (url === null) return;
  const checked = guard.checkUrl(url);
  if (!checked.ok) throw new ConfigurationError('url', checked.refusal);
}

function buildSigning(before: FullRow | null, old: SecretDocument, input: Partial<IntegrationInput>) {
  const kept = { secrets: old.signing, generated: null };
  if (!input.signing) return kept;
  if (input.signing.type === 'none') return { secrets: [], generated: null };
  const given = signingSecret(input.signing);
  if (given !== null) return { secrets: [{ secret: given, expiresAt: null }], generated: null };
  if (before && before.signing.type !== 'none' && old.signing.length > 0) return kept;
  const generated = generateSigningSecret();
  return { secrets: [{ secret: generated, expiresAt: null }], generated };
}

/**
 * `whsec_` and the base64 of 32 printable characters (192 random bits): a receiver whose tool takes a key
 * only as text, such as n8n's Crypto node, can use the decoded text.
 */
export function generateSigningSecret(): string {
  const text = randomBytes(24).toString('base64url');
  return `whsec_${Buffer.from(text).toString('base64')}`;
}

function toRateLimit(input: number | null | undefined, before: FullRow | null): FullRow['rate_limit'] {
  if (input === undefined) return before?.rate_limit ?? null;
  return input === null ? null : { per_second: input };
}

/** null is a value that may be set; undefined is not given. */
function pick<T>(given: T | undefined, before: T | undefined, fallback: T): T {
  return given !== undefined ? given : before !== undefined ? before : fallback;
}
