import { ConfigurationError } from '@signalbox/engine';

/** Marks a secret whose rest is base64 (Standard Webhooks 1.0.0). */
export const secretPrefix = 'whsec_';

/** Standard Webhooks asks for 24 to 64 bytes; shorter ones work and are warned about. */
export const recommendedKeyBytes = 24;

/**
 * The HMAC key of a secret:
 *
 * - `whsec_` + base64: the decoded bytes. Receivers give the whole secret to a Standard Webhooks library.
 * - any other printable text: the text itself, its UTF-8 bytes, nothing decoded. Receivers give it to a library as
 *   a raw key (`new Webhook(secret, { format: 'raw' })`) or to plain HMAC code.
 *
 * @throws {@link ConfigurationError} on `signing.secrets`; the message never holds the secret
 */
export function signingKey(secret: string): Buffer {
  if (!secret.startsWith(secretPrefix)) {
    if (!/^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(secret)) {
      throw new ConfigurationError(
        'signing.secrets',
        'a signing secret must be printable text, and not empty',
      );
    }
    return Buffer.from(secret, 'utf8');
  }
  const encoded = secret.slice(secretPrefix.length);
  const key = Buffer.from(encoded, 'base64');
  if (key.length === 0 || key.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, '')) {
    throw new ConfigurationError(
      'signing.secrets',
      'a signing secret that starts with whsec_ must go on with base64; leave the prefix away to use plain text',
    );
  }
  return key;
}

/** The key as text, to paste into a tool that takes no `whsec_`; null when its bytes are not printable ASCII. */
export function signingKeyText(secret: string): string | null {
  const text = signingKey(secret).toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? text : null;
}
