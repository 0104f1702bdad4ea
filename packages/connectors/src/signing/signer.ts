import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { ConfigurationError, type Signing } from '@signalbox/engine';
import { signingKey } from './secret.ts';

/** Gives the headers that sign one request. `body` is the text that is sent; `timestampS` is Unix time in seconds. */
export type Signer = (id: string, timestampS: number, body: string) => Record<string, string>;

/**
 * Makes the signer of an integration; keys are imported once, here.
 *
 * - `standard-webhooks`: `webhook-timestamp`, and `webhook-signature` with one `v1,<base64>` for each secret, separated
 *   by spaces, over `{webhook-id}.{webhook-timestamp}.{body}` (Standard Webhooks 1.0.0).
 * - `hub-sha256`: `x-hub-signature-256: sha256=<hex>` over the body (WebSub, GitHub). It holds one signature, so during
 *   a rotation the first secret signs.
 *
 * @throws ConfigurationError when a secret is missing or unusable
 */
export function createSigner(signing: Signing): Signer | null {
  if (signing.type === 'none') return null;
  const keys = signing.secrets.map((secret) => createSecretKey(signingKey(secret)));
  const [first] = keys;
  if (!first) throw new ConfigurationError('signing.secrets', 'signing needs at least one secret');
  return signing.type === 'hub-sha256' ? hubSigner(first) : standardSigner(keys);
}

function standardSigner(keys: KeyObject[]): Signer {
  return (id, timestampS, body) => {
    const signed = `${id}.${timestampS}.${body}`;
    let signature = '';
    for (const key of keys) {
      const one = createHmac('sha256', key).update(signed).digest('base64');
      signature += signature === '' ? `v1,${one}` : ` v1,${one}`;
    }
    return { 'webhook-timestamp': String(timestampS), 'webhook-signature': signature };
  };
}

function hubSigner(key: KeyObject): Signer {
  return (_id, _timestampS, body) => ({
    'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
  });
}
