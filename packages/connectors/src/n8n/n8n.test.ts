import type { IntegrationConfig } from '@signalbox/engine';
import { describe, expect, it } from 'vitest';
import { connectorSuite } from '../suite/connector-suite.ts';
import { buildAnswer, buildFailure } from '../suite/fake-http.ts';
import type { JudgeContext } from '../webhook/judge.ts';
import { judgeN8n } from './judge.ts';
import { n8n } from './n8n.ts';

const config: IntegrationConfig = {
  url: 'https://n8n.example/webhook/abc',
  headers: {},
  auth: { type: 'header', name: 'X-API-Key', value: 'header-auth-secret' },
  signing: { type: 'none' },
  template: null,
  settings: {},
};

connectorSuite(n8n, {
  config,
  accepted: buildAnswer(200, { message: 'Workflow was started' }),
  idOf: (request) => request.headers['webhook-id'],
});

const context: JudgeContext = {
  now: new Date('2026-11-24T10:00:00Z'),
  url: 'https://n8n.example/webhook/abc',
  requestBytes: 1000,
  successStatus: null,
  redact: (text) => text,
};

const notRegistered = buildAnswer(404, {
  code: 404,
  message: 'The requested webhook "POST abc" is not registered.',
  hint: 'The workflow must be active for a production URL to run successfully.',
});
const html404 = buildAnswer(404, '<!DOCTYPE html><html><body>Cannot POST /webhook/abc</body></html>', {
  'content-type': 'text/html; charset=utf-8',
});

describe('what n8n answers', () => {
  it.each([
    ['started', buildAnswer(200, { message: 'Workflow was started' }), 'delivered', ''],
    ['Respond to Webhook', buildAnswer(200, { id: 'ext-123' }), 'delivered', ''],
    ['inactive', notRegistered, 'held', 'activate the workflow'],
    ['restarting', html404, 'retry', 'probably starting'],
    [
      'a 404 of the workflow itself',
      buildAnswer(404, { message: 'no such customer' }),
      'retry',
      'no such customer',
    ],
    [
      'Header Auth wrong',
      buildAnswer(403, 'Authorization data is wrong!'),
      'unauthorized',
      'Header Auth credential',
    ],
    [
      'Basic Auth missing',
      buildAnswer(401, 'Authorization is required!'),
      'unauthorized',
      'set user name and password',
    ],
    [
      'Basic Auth wrong',
      buildAnswer(401, 'Authentication data is wrong!'),
      'unauthorized',
      'Basic Auth credential',
    ],
    ['a node fails', buildAnswer(500, { message: 'Error in workflow' }), 'retry', 'execution list'],
    [
      'another 500',
      buildAnswer(500, { code: 0, message: 'There was a problem executing the workflow' }),
      'retry',
      'problem',
    ],
    [
      'not JSON',
      buildAnswer(422, { message: 'Failed to parse request body' }),
      'rejected',
      'could not read the event',
    ],
    [
      'starting',
      buildFailure('connect', 'nothing is listening at n8n:5678 (connection refused)'),
      'retry',
      'nothing is listening',
    ],
  ] as const)('%s', (_, exchange, kind, words) => {
    const verdict = judgeN8n(exchange, context);
    expect(verdict.kind).toBe(kind);
    if ('explanation' in verdict) expect(verdict.explanation).toContain(words);
  });

  it('keeps the external id of Respond to Webhook', () => {
    expect(judgeN8n(buildAnswer(200, { id: 'ext-123' }), context)).toEqual({
      kind: 'delivered',
      externalId: 'ext-123',
    });
  });

  it('a 500 for more than 16 MiB is rejected: it would never fit', () => {
    const verdict = judgeN8n(buildAnswer(500, { code: 0, message: 'There was a problem' }), {
      ...context,
      requestBytes: 17 * 1024 * 1024,
    });
    expect(verdict).toMatchObject({ kind: 'rejected', explanation: expect.stringContaining('16 MiB') });
  });

  it('a test URL is held with the advice to use the production URL', () => {
    const verdict = judgeN8n(notRegistered, { ...context, url: 'https://n8n.example/webhook-test/abc' });
    expect(verdict).toMatchObject({ kind: 'held', explanation: expect.stringContaining('Production URL') });
  });
});

describe('a configuration that n8n will not like is warned about', () => {
  it.each([
    ['a test URL', { url: 'https://n8n.example/webhook-test/abc' }, 'Production URL'],
    ['another content type', { headers: { 'Content-Type': 'application/cloudevents+json' } }, 'stays empty'],
    [
      'a key that is no text',
      {
        signing: {
          type: 'standard-webhooks',
          secrets: [`whsec_${Buffer.alloc(32, 0xff).toString('base64')}`],
        },
      },
      'Crypto node',
    ],
  ] as [string, Partial<IntegrationConfig>, string][])('%s', (_, over, words) => {
    expect(n8n.warnings?.({ ...config, ...over })).toEqual([expect.stringContaining(words)]);
  });

  it('a good one is not', () => {
    expect(n8n.warnings?.(config)).toEqual([]);
  });
});
