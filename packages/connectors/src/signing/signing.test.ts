import { createHmac } from 'node:crypto';
import { generateSigningSecret } from '@signalbox/engine';
import fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, it } from 'vitest';
import { signingKey, signingKeyText } from './secret.ts';
import { createSigner } from './signer.ts';

const body = JSON.stringify({ event_type: 'workitem_created', title: 'Ölwechsel ☂' });
const nowS = () => Math.floor(Date.now() / 1000);

function sign(secrets: string[], text = body, id = 'evt_1', at = nowS()): Record<string, string> {
  return { 'webhook-id': id, ...createSigner({ type: 'standard-webhooks', secrets })!(id, at, text) };
}

describe('a Standard Webhooks signature', () => {
  it('verifies with the official libraries, with every secret of a rotation', () => {
    const secrets = [generateSigningSecret(), `whsec_${Buffer.alloc(24, 0xff).toString('base64')}`];
    const headers = sign(secrets);
    for (const secret of secrets) {
      expect(new StandardWebhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => new SvixWebhook(secret).verify(body, headers)).not.toThrow();
    }
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
  });

  it('with a plain secret verifies with the text as raw key', () => {
    const headers = sign(['correct horse battery staple']);
    const webhook = new StandardWebhook('correct horse battery staple', { format: 'raw' });
    expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
  });

  it('fails for another body, id, secret or an old timestamp', () => {
    const secret = generateSigningSecret();
    const webhook = new StandardWebhook(secret);
    const svix = new SvixWebhook(secret);
    expect(() => svix.verify(`${body} `, sign([secret]))).toThrow();
    expect(() => webhook.verify(`${body} `, sign([secret]))).toThrow();
    expect(() => webhook.verify(body, { ...sign([secret]), 'webhook-id': 'evt_2' })).toThrow();
    expect(() => webhook.verify(body, sign([generateSigningSecret()]))).toThrow();
    expect(() => webhook.verify(body, sign([secret], body, 'evt_1', nowS() - 600))).toThrow();
  });

  it('verifies for any payload and id', () => {
    const secret = generateSigningSecret();
    const webhook = new StandardWebhook(secret);
    fc.assert(
      fc.property(fc.json(), fc.uuid(), (text, id) => {
        expect(webhook.verify(text, sign([secret], text, id))).toEqual(JSON.parse(text));
      }),
    );
  });
});

it('X-Hub-Signature-256 is the HMAC of the body in hex', () => {
  const headers = createSigner({ type: 'hub-sha256', secrets: ['s3cret', 'old'] })!('evt_1', 0, body);
  const hex = createHmac('sha256', 's3cret').update(body).digest('hex');
  expect(headers).toEqual({ 'x-hub-signature-256': `sha256=${hex}` });
});

describe('a secret', () => {
  it('that is generated has 24 to 64 bytes of printable ASCII, so that text-only tools take it', () => {
    for (let i = 0; i < 100; i++) {
      const secret = generateSigningSecret();
      const text = signingKeyText(secret);
      expect(text).toMatch(/^[\x21-\x7e]{24,64}$/);
      expect(signingKey(secret).toString('latin1')).toBe(text);
    }
  });

  it.each(['', 'whsec_', 'whsec_not base64!', 'line\nbreak', 'whsec_****'])(
    '%j is refused without being shown',
    (secret) => {
      const run = () => createSigner({ type: 'standard-webhooks', secrets: [secret] });
      expect(run).toThrow('signing secret');
      if (secret.length > 6) expect(run).not.toThrow(secret);
    },
  );

  it('is needed to sign', () => {
    expect(() => createSigner({ type: 'hub-sha256', secrets: [] })).toThrow('at least one secret');
  });
});
