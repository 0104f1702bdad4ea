import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignatureReport {
  scheme: 'standard-webhooks' | 'hub-sha256';
  /** null: the inbox was not told the secret. */
  valid: boolean | null;
}

/** What can be said of the signature of a request; null when it has none. */
export function checkSignature(
  headers: Record<string, string>,
  body: Buffer,
  secret: string | null,
): SignatureReport | null {
  if (headers['webhook-signature'] !== undefined) {
    return { scheme: 'standard-webhooks', valid: secret === null ? null : standard(headers, body, secret) };
  }
  const hub = headers['x-hub-signature-256'];
  if (hub === undefined) return null;
  return { scheme: 'hub-sha256', valid: secret === null ? null : same(hub, hubSignature(body, secret)) };
}

/** `v1,<base64>` entries separated by spaces over `id.timestamp.body`; one that fits is enough. */
function standard(headers: Record<string, string>, body: Buffer, secret: string): boolean {
  const signed = Buffer.concat([
    Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`),
    body,
  ]);
  const expected = `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`;
  return (headers['webhook-signature'] ?? '').split(' ').some((entry) => same(entry, expected));
}

function hubSignature(body: Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', keyOf(secret)).update(body).digest('hex')}`;
}

/** As the signer reads it, for both schemes: what follows `whsec_` is base64, anything else is the key itself. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
}

function same(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
