import type { Auth, Signing } from '../connector.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { SecretInfo, SigningInput } from './types.ts';

/** What is sealed in `tenant_integrations.secrets`. */
export interface SecretDocument {
  headers: Record<string, string>;
  /** The header's value, the password or the token, as the auth type says. */
  auth: string | null;
  /** Newest first; the older ones sign along until they expire (ms since 1970). */
  signing: { secret: string; expiresAt: number | null }[];
}

/** The public part of auth, stored in clear. */
export type StoredAuth =
  | { type: 'none' }
  | { type: 'header'; name: string }
  | { type: 'basic'; username: string }
  | { type: 'bearer' };

export type StoredSigning = { type: Signing['type'] };

/** By field: `headers.X-API-Key`, `auth`, `signing.0`. */
export type SecretsInfo = Record<string, { last_four: string; set_at: string }>;

export const NO_SECRETS: SecretDocument = { headers: {}, auth: null, signing: [] };

export function sealSecrets(
  keyRing: KeyRing,
  integrationId: number,
  document: SecretDocument,
): string | null {
  const isEmpty =
    Object.keys(document.headers).length === 0 && document.auth === null && document.signing.length === 0;
  return isEmpty ? null : keyRing.seal(JSON.stringify(document), contextOf(integrationId));
}

export function readSecrets(keyRing: KeyRing, integrationId: number, sealed: string | null): SecretDocument {
  return sealed === null
    ? NO_SECRETS
    : (JSON.parse(keyRing.open(sealed, contextOf(integrationId))) as SecretDocument);
}

/** The opened secrets, put back into the shapes that connectors take. */
export function openSecrets(keyRing: KeyRing, integrationId: number, sealed: string | null) {
  const document = readSecrets(keyRing, integrationId, sealed);
  return {
    headers: document.headers,
    auth: (stored: StoredAuth): Auth => joinAuth(stored, document.auth ?? ''),
    signing: (stored: StoredSigning, now: Date): Signing => joinSigning(stored, document, now),
  };
}

export function joinAuth(stored: StoredAuth, secret: string): Auth {
  switch (stored.type) {
    case 'none':
      return { type: 'none' };
    case 'header':
      return { type: 'header', name: stored.name, value: secret };
    case 'basic':
      return { type: 'basic', username: stored.username, password: secret };
    case 'bearer':
      return { type: 'bearer', token: secret };
  }
}

export function splitAuth(auth: Auth): { stored: StoredAuth; secret: string | null } {
  switch (auth.type) {
    case 'none':
      return { stored: { type: 'none' }, secret: null };
    case 'header':
      return { stored: { type: 'header', name: auth.name }, secret: auth.value };
    case 'basic':
      return { stored: { type: 'basic', username: auth.username }, secret: auth.password };
    case 'bearer':
      return { stored: { type: 'bearer' }, secret: auth.token };
  }
}

export function joinSigning(stored: StoredSigning, document: SecretDocument, now: Date): Signing {
  if (stored.type === 'none') return { type: 'none' };
  return { type: stored.type, secrets: validSecrets(document, now).map((entry) => entry.secret) };
}

/** Those that have not expired. */
export function validSecrets(document: SecretDocument, now: Date): SecretDocument['signing'] {
  return document.signing.filter((entry) => entry.expiresAt === null || entry.expiresAt > now.getTime());
}

/** When the next of them expires, ms since 1970; Infinity when none does. */
export function firstExpiry(document: SecretDocument, now: Date): number {
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...validSecrets(document, now).map((entry) => entry.expiresAt ?? Number.POSITIVE_INFINITY),
  );
}

export function signingSecret(input: SigningInput): string | null {
  return input.type === 'none' ? null : (input.secret ?? null);
}

/** What may be shown of the secrets. `set_at` of an unchanged value stays. */
export function describeSecrets(
  document: SecretDocument,
  before: SecretDocument,
  infoBefore: SecretsInfo,
  now: Date,
): SecretsInfo {
  const info: SecretsInfo = {};
  const describe = (field: string, value: string | null | undefined, old: string | null | undefined) => {
    if (value == null) return;
    const unchanged = value === old ? infoBefore[field] : undefined;
    info[field] = unchanged ?? { last_four: lastFour(value), set_at: now.toISOString() };
  };
  for (const [name, value] of Object.entries(document.headers)) {
    describe(`headers.${name}`, value, before.headers[name]);
  }
  describe('auth', document.auth, before.auth);
  document.signing.forEach(({ secret }, index) => {
    const place = before.signing.findIndex((entry) => entry.secret === secret);
    const known = infoBefore[`signing.${place}`];
    info[`signing.${index}`] = known ?? { last_four: lastFour(secret), set_at: now.toISOString() };
  });
  return info;
}

export function toSecretInfo(info: SecretsInfo[string] | undefined): SecretInfo {
  return { hasValue: true, lastFour: info?.last_four ?? '', setAt: new Date(info?.set_at ?? 0) };
}

/** Nothing of a short secret: four of eight characters would be half of it. */
function lastFour(secret: string): string {
  return secret.length >= 12 ? secret.slice(-4) : '';
}

function contextOf(integrationId: number): string {
  return `tenant_integrations/${integrationId}/secrets`;
}
