import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ConfigurationError,
  createGuard,
  createHttpClient,
  generateSigningSecret,
  type IntegrationConfig,
} from '@signalbox/engine';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { connectorSuite } from '../suite/connector-suite.ts';
import { buildAnswer, buildFailure, buildHttp } from '../suite/fake-http.ts';
import { createRedactor } from '../support/redact.ts';
import { type JudgeContext, judge } from './judge.ts';
import { webhook } from './webhook.ts';

const secret = generateSigningSecret();
const config: IntegrationConfig = {
  url: 'https://hooks.example/in?key=query-secret',
  headers: { 'X-Shop': 'north', 'X-Api-Key': 'header-secret' },
  auth: { type: 'bearer', token: 'bearer-secret' },
  signing: { type: 'standard-webhooks', secrets: [secret] },
  template: null,
  settings: {},
};

connectorSuite(webhook, {
  config,
  accepted: buildAnswer(202, { id: 'ext-1' }),
  idOf: (request) => request.headers['webhook-id'],
});

const context: JudgeContext = {
  now: new Date('2026-11-24T10:00:00Z'),
  url: 'https://hooks.example/in',
  requestBytes: 100,
  successStatus: null,
  redact: (text) => text,
};
const body = '{"event_type":"workitem_created","workitem":{"id":7,"title":"Ölwechsel"}}';
const delivery = (over: Partial<IntegrationConfig> = {}) => ({
  settings: webhook.configure({ ...config, ...over }),
  syncId: 1,
  eventId: 'evt_1',
  eventType: 'workitem_created',
  body,
  attempt: 3,
  now: new Date(),
  signal: new AbortController().signal,
});

describe('the verdict of a webhook answer', () => {
  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [301, 'rejected'],
    [400, 'rejected'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'retry'],
    [405, 'rejected'],
    [408, 'retry'],
    [409, 'retry'],
    [410, 'gone'],
    [413, 'rejected'],
    [418, 'rejected'],
    [422, 'rejected'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
    [599, 'retry'],
  ])('%i is %s', (status, kind) => {
    expect(judge(buildAnswer(status), context).kind).toBe(kind);
  });

  it('says where a redirect leads', () => {
    const verdict = judge(buildAnswer(308, '', { location: 'https://new.example/in' }), context);
    expect(verdict).toMatchObject({
      kind: 'rejected',
      explanation:
        'answered 308; it redirects to https://new.example/in, and redirects are not followed; use the final URL',
    });
  });

  it('repeats what the receiver said', () => {
    expect(judge(buildAnswer(422, { message: 'title is\n missing' }), context)).toMatchObject({
      explanation: expect.stringContaining('answered 422: "title is missing"; '),
    });
    expect(judge(buildAnswer(502, '<html><title>Bad Gateway</title>'), context)).toMatchObject({
      explanation: expect.stringContaining('answered 502: an HTML page, "Bad Gateway"; '),
    });
  });

  it('holds no half of a secret that stands where the text is cut', () => {
    const redact = createRedactor(['s3cret-s3cret']);
    const verdict = judge(buildAnswer(400, `${'x'.repeat(195)}s3cret-s3cret`), { ...context, redact });
    expect(JSON.stringify(verdict)).not.toContain('s3cr');
  });

  it.each([
    [{ id: 'ext-1' }, 'ext-1'],
    [{ id: 12 }, '12'],
    [{ id: 1, external_id: 'x' }, 'x'],
    [[{ id: 'first' }, { id: 'second' }], 'first'],
    [{ id: 'x'.repeat(201) }, undefined],
    [{ id: null }, undefined],
    [{ id: { a: 1 } }, undefined],
    ['id', undefined],
    ['{"id":', undefined],
  ])('keeps the external id of %j', (answer, externalId) => {
    expect(judge(buildAnswer(200, answer), context)).toEqual(
      externalId === undefined ? { kind: 'delivered' } : { kind: 'delivered', externalId },
    );
  });

  it('counts only the chosen statuses as success', () => {
    const chosen = { ...context, successStatus: [201, 409] };
    expect(judge(buildAnswer(409), chosen).kind).toBe('delivered');
    expect(judge(buildAnswer(200), chosen)).toMatchObject({
      kind: 'retry',
      explanation: 'answered 200; this integration counts only 201, 409 as success',
    });
  });

  it('a URL that the guard refuses is rejected with its advice, every other failure is tried again', () => {
    expect(judge(buildFailure('refused-by-guard', 'add it to EGRESS_ALLOW'), context)).toEqual({
      kind: 'rejected',
      explanation: 'add it to EGRESS_ALLOW',
    });
    for (const failure of ['dns', 'connect', 'tls', 'timeout', 'reset', 'protocol', 'aborted'] as const) {
      expect(judge(buildFailure(failure), context).kind).toBe('retry');
    }
  });
});

describe('a webhook request', () => {
  it('carries the stored text as it is, and says what it is', async () => {
    const { http, requests } = buildHttp(buildAnswer(200));
    await webhook.deliver(delivery(), http);
    expect(requests[0]).toMatchObject({ method: 'POST', url: config.url, body, timeoutMs: 15_000 });
    expect(requests[0]?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'signalbox-webhooks/1.0 (delivery)',
      'webhook-id': 'evt_1',
      'signalbox-event': 'workitem_created',
      'signalbox-attempt': '3',
      'x-shop': 'north',
    });
  });

  it('carries the rendered template, and the signature is that of what is sent', async () => {
    const { http, requests } = buildHttp(buildAnswer(200));
    await webhook.deliver(delivery({ template: { text: 'New: {{ workitem.title }}' } }), http);
    const [request] = requests;
    expect(request?.body).toBe('{"text":"New: Ölwechsel"}');
    expect(new StandardWebhook(secret).verify(request!.body!, request!.headers)).toEqual({
      text: 'New: Ölwechsel',
    });
  });

  it('is not made when the template cannot be rendered', async () => {
    const { http, requests } = buildHttp(buildAnswer(200));
    const big = { ...delivery({ template: '{{ a }}' }), body: JSON.stringify({ a: 'x'.repeat(300_000) }) };
    expect(await webhook.deliver(big, http)).toMatchObject({
      kind: 'rejected',
      explanation: expect.stringContaining('256 KiB'),
    });
    expect(requests).toHaveLength(0);
  });

  it('takes Basic authentication, a chosen header, and X-Hub-Signature-256', async () => {
    const { http, requests } = buildHttp(buildAnswer(200));
    await webhook.deliver(delivery({ auth: { type: 'basic', username: 'ü', password: 'p:w' } }), http);
    await webhook.deliver(delivery({ auth: { type: 'header', name: 'X-Token', value: 'v' } }), http);
    await webhook.deliver(delivery({ signing: { type: 'hub-sha256', secrets: ['s3cret'] } }), http);
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ü:p:w').toString('base64')}`);
    expect(requests[1]?.headers['x-token']).toBe('v');
    expect(requests[2]?.headers['x-hub-signature-256']).toMatch(/^sha256=[0-9a-f]{64}$/);
  });
});

describe('a configuration that cannot work is refused', () => {
  it.each([
    [{ url: null }, '/url'],
    [{ url: 'ftp://example.com' }, '/url'],
    [{ url: 'https://u:p@example.com' }, '/url'],
    [{ settings: { method: 'GET' } }, '/settings/method'],
    [{ settings: { timeout_ms: 999 } }, '/settings/timeout_ms'],
    [{ settings: { timeout_ms: 60_001 } }, '/settings/timeout_ms'],
    [{ settings: { success_status: [99] } }, '/settings/success_status'],
    [{ settings: { metod: 'POST' } }, '/settings/metod'],
    [{ headers: { Host: 'x' } }, '/headers/Host'],
    [{ headers: { 'Content-Length': '1' } }, '/headers/Content-Length'],
    [{ headers: { 'Webhook-Id': 'x' } }, '/headers/Webhook-Id'],
    [{ headers: { 'Transfer-Encoding': 'chunked' } }, '/headers/Transfer-Encoding'],
    [{ headers: { 'x y': '1' } }, '/headers/x y'],
    [{ headers: { x: 'a\r\nb: c' } }, '/headers/x'],
    [{ headers: { x: '☂' } }, '/headers/x'],
    [{ headers: { authorization: 'x' } }, '/auth/token'],
    [{ headers: { 'X-A': '1', 'x-a': '2' } }, '/headers/x-a'],
    [{ auth: { type: 'bearer', token: 'a b' } }, '/auth/token'],
    [{ auth: { type: 'basic', username: 'a:b', password: '' } }, '/auth/username'],
    [{ auth: { type: 'header', name: 'x\n', value: '' } }, '/auth/name'],
    [{ signing: { type: 'standard-webhooks', secrets: [] } }, '/signing/secrets'],
    [{ template: { a: '{{ b | nope }}' } }, '/template/a'],
  ] as [Partial<IntegrationConfig>, string][])('%j', (over, pointer) => {
    try {
      webhook.configure({ ...config, ...over });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as ConfigurationError).issues[0]?.pointer).toBe(pointer);
      expect((error as ConfigurationError).message).not.toContain('bearer-secret');
    }
  });

  it('and one that is only doubtful is warned about', () => {
    const open = {
      ...config,
      url: 'http://example.com',
      auth: { type: 'none' },
      signing: { type: 'none' },
    } as const;
    expect(webhook.warnings?.(open)).toHaveLength(2);
    expect(webhook.warnings?.(config)).toEqual([]);
  });
});

describe('over the wire', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  it('a receiver verifies what it got, byte for byte', async () => {
    const received = Promise.withResolvers<{ body: string; headers: Record<string, string> }>();
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      received.resolve({
        body: Buffer.concat(chunks).toString(),
        headers: request.headers as Record<string, string>,
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"ext-9"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = createHttpClient({
      guard: createGuard({ allow: ['127.0.0.0/8'], plainHttp: true }),
      userAgent: 'test',
    });
    closers.push(
      () => client.close(),
      () => server.close(),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
    expect(await webhook.deliver(delivery({ url }), client)).toEqual({
      kind: 'delivered',
      externalId: 'ext-9',
    });
    const got = await received.promise;
    expect(got.body).toBe(body);
    expect(new StandardWebhook(secret).verify(got.body, got.headers)).toEqual(JSON.parse(body));
  });
});
