import type {
  Connector,
  Delivery,
  HttpExchange,
  HttpFailure,
  HttpRequest,
  IntegrationConfig,
  Verdict,
} from '@signalbox/engine';
import { ConfigurationError } from '@signalbox/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretValues } from '../support/redact.ts';
import { buildAnswer, buildFailure, buildHttp } from './fake-http.ts';

/** What the suite needs to know of a connector. */
export interface SuiteFixtures {
  /** A configuration that works, with secrets in it. */
  config: IntegrationConfig;
  /** An answer that means delivered. */
  accepted: HttpExchange;
  /** What tells the destination that two calls are the same event. */
  idOf(request: HttpRequest): string | undefined;
}

const body = JSON.stringify({ event_type: 'workitem_created', workitem: { id: 7, title: 'Brakes' } });
const failures: HttpFailure['failure'][] = [
  'refused-by-guard',
  'dns',
  'connect',
  'tls',
  'timeout',
  'reset',
  'protocol',
  'aborted',
];

/** What every connector promises the engine. Run by each connector's own test. */
export function connectorSuite<Settings>(connector: Connector<Settings>, fixtures: SuiteFixtures): void {
  const { config } = fixtures;
  const settings = connector.configure(config);
  const secrets = secretValues(config);

  function buildDelivery(more: Partial<Delivery<Settings>> = {}): Delivery<Settings> {
    return {
      settings,
      syncId: 1,
      eventId: 'evt_1',
      eventType: 'workitem_created',
      body,
      attempt: 1,
      now: new Date('2026-11-24T10:00:00Z'),
      signal: new AbortController().signal,
      ...more,
    };
  }

  async function verdictOf(exchange: HttpExchange): Promise<Verdict> {
    const verdict = await connector.deliver(buildDelivery(), buildHttp(exchange).http);
    if (verdict.kind === 'delivered') {
      if (verdict.externalId !== undefined) expect(verdict.externalId.length).toBeLessThanOrEqual(200);
      return verdict;
    }
    expect(verdict.explanation.length).toBeGreaterThan(10);
    expect(verdict.explanation.length).toBeLessThanOrEqual(1000);
    expect(verdict.explanation).not.toMatch(/[\n\r\0]/);
    for (const secret of secrets) expect(verdict.explanation).not.toContain(secret);
    return verdict;
  }

  describe(`the ${connector.name} connector`, () => {
    it('has a kebab-case name, a label, a description and fields that name paths of the API', () => {
      expect(connector.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(connector.label && connector.description).toBeTruthy();
      for (const field of connector.fields) {
        expect(field.name).toMatch(/^[a-z_]+(\.[a-z_]+)*$/);
        expect(field.label && field.help).toBeTruthy();
        if (field.type === 'select') expect(field.options?.length).toBeGreaterThan(0);
      }
    });

    it('applies authentication, signature and custom headers to every call', async () => {
      const { http, requests } = buildHttp(fixtures.accepted);
      await connector.deliver(buildDelivery(), http);
      const { auth, signing } = config;
      for (const { headers } of requests) {
        if (auth.type === 'bearer') expect(headers.authorization).toBe(`Bearer ${auth.token}`);
        if (auth.type === 'header') expect(headers[auth.name.toLowerCase()]).toBe(auth.value);
        if (signing.type === 'standard-webhooks') expect(headers['webhook-signature']).toMatch(/^v1,/);
        for (const name of Object.keys(headers)) expect(name).toBe(name.toLowerCase());
      }
    });

    it('says delivered when the destination accepts', async () => {
      expect(await verdictOf(fixtures.accepted)).toMatchObject({ kind: 'delivered' });
    });

    it('repeats an event under the same id, and another event under another', async () => {
      const { http, requests } = buildHttp(fixtures.accepted);
      for (const [attempt, eventId] of [
        [1, 'evt_1'],
        [2, 'evt_1'],
        [1, 'evt_2'],
      ] as const) {
        await connector.deliver(buildDelivery({ attempt, eventId }), http);
      }
      const ids = requests.map(fixtures.idOf);
      expect(ids[0]).toBeTruthy();
      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
    });

    it('hands the signal on and asks for no more than a minute', async () => {
      const { http, requests } = buildHttp(fixtures.accepted);
      const delivery = buildDelivery();
      await connector.deliver(delivery, http);
      for (const request of requests) {
        expect(request.signal).toBe(delivery.signal);
        expect(request.timeoutMs ?? 15_000).toBeLessThanOrEqual(60_000);
      }
    });

    it('is tried again when this process stopped it', async () => {
      expect((await verdictOf(buildFailure('aborted'))).kind).toMatch(/retry|ambiguous/);
    });

    it('has a verdict for every status from 100 to 599', async () => {
      for (let status = 100; status <= 599; status++) await verdictOf(buildAnswer(status));
    });

    it('has a verdict for every failure of the network; none is delivered', async () => {
      for (const failure of failures)
        expect((await verdictOf(buildFailure(failure))).kind).not.toBe('delivered');
    });

    it('never throws, whatever a destination answers, and its explanations hold no secret', async () => {
      const text = fc.oneof(
        fc.string(),
        fc.json(),
        fc.constantFrom('<html>', '[', '{"id":{}}', 'null', '[null]'),
      );
      const echo = fc.constantFrom(...secrets, '');
      const headers = fc.dictionary(fc.constantFrom('location', 'retry-after', 'content-type'), fc.string());
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 100, max: 999 }),
          text,
          echo,
          headers,
          fc.boolean(),
          async (status, said, secret, given, truncated) => {
            const answer = buildAnswer(status, said + secret, {
              ...given,
              ...(secret ? { location: secret } : {}),
            });
            const verdict = await verdictOf({ ...answer, truncated });
            if ('afterMs' in verdict && verdict.afterMs !== undefined) {
              expect(verdict.afterMs).toBeGreaterThanOrEqual(0);
              expect(verdict.afterMs).toBeLessThanOrEqual(86_400_000);
            }
          },
        ),
      );
    });

    it('waits as long as Retry-After asks', async () => {
      expect(await verdictOf(buildAnswer(429, '', { 'retry-after': '30' }))).toMatchObject({
        kind: 'retry',
        afterMs: 30_000,
      });
    });

    it('refuses a configuration with words and a pointer', () => {
      const broken = { ...config, settings: { ...config.settings, no_such_setting: 1 } };
      try {
        connector.configure(broken);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError);
        expect((error as ConfigurationError).issues[0]?.pointer).toBe('/settings/no_such_setting');
      }
    });
  });
}
