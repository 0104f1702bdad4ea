import type { IntegrationConfig } from '@signalbox/engine';

/** Headers whose value is a secret whatever else they are for. */
const secretHeader = /auth|token|secret|key|cookie|password|signature/i;

/** Shorter ones would blot out ordinary words. */
const minLength = 4;

/** Removes secrets from a text that people will read. */
export type Redact = (text: string) => string;

/**
 * Every secret of an integration as it may turn up in a text: credentials, signing secrets, values of headers that sound
 * secret, and the URL's query values. Longest first.
 */
export function secretValues({
  url,
  headers,
  auth,
  signing,
}: Pick<IntegrationConfig, 'url' | 'headers' | 'auth' | 'signing'>): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    // `Authorization: Bearer abc` may come back as `abc` alone.
    if (secretHeader.test(name)) found.push(value, value.slice(value.lastIndexOf(' ') + 1));
  }
  if (auth.type === 'header') found.push(auth.value);
  if (auth.type === 'bearer') found.push(auth.token);
  if (auth.type === 'basic') {
    found.push(auth.password, Buffer.from(`${auth.username}:${auth.password}`).toString('base64'));
  }
  if (signing.type !== 'none') {
    for (const secret of signing.secrets) found.push(secret, secret.replace(/^whsec_/, ''));
  }
  if (url && URL.canParse(url)) found.push(...new URL(url).searchParams.values());
  return [...new Set(found)].filter((value) => value.length >= minLength).sort((a, b) => b.length - a.length);
}

/** Replaces each of the values by `***`. */
export function createRedactor(values: readonly string[]): Redact {
  return (text) => values.reduce((redacted, value) => redacted.replaceAll(value, '***'), text);
}
