import { isDeepStrictEqual } from 'node:util';
import { compileFilter, connectors } from '@signalbox/connectors';
import { createEngine, createKeyRing, type Pool } from '@signalbox/engine';
import type { FastifyInstance } from 'fastify';
import { beforeAll } from 'vitest';
import type { z } from 'zod';
import type { TestDatabase } from '../../../../tests/kit/test-database.ts';
import { createApiKeys } from '../accounts/api-keys.ts';
import { loadTenants } from '../accounts/tenant-names.ts';
import { createTenants } from '../accounts/tenants.ts';
import { writeOutcomeNotes } from '../host/notes.ts';
import type { Role } from '../host/schema.ts';
import { createHost } from '../host/scope.ts';
import { triggers } from '../triggers/index.ts';
import { buildApi } from './build-api.ts';

/** What a request came to. */
export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

export type Call = (
  method: string,
  url: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

export type TestApi = Awaited<ReturnType<typeof buildTestApi>>;

/** One API for all tests of a suite (each with tenants of its own); call it in the suite, not in a test. */
export function useTestApi(open: () => Promise<TestDatabase>): () => TestApi {
  let api: TestApi;
  beforeAll(async () => {
    api = await buildTestApi(await open());
    return () => api.close();
  });
  return () => api;
}

/** The API on a test database, and a way to speak to it as any tenant. */
async function buildTestApi(database: TestDatabase) {
  const engine = createEngine({
    pool: database.pool as unknown as Pool,
    triggers,
    connectors,
    keyRing: createKeyRing(['the key of the tests, long enough']),
    http: { allow: ['127.0.0.0/8'], plainHttp: true },
    tenants: loadTenants,
    compileFilter,
    onOutcomes: writeOutcomeNotes,
    listen: false,
  });
  const host = createHost(engine);
  const tenants = createTenants(host);
  const apiKeys = createApiKeys(host);
  const app = await buildApi({ engine, host, apiKeys, ready: async () => [], extend: holdToDocument });
  return {
    app,
    engine,
    host,
    tenants,
    apiKeys,
    pool: database.pool as unknown as Pool,
    url: database.url,
    async close() {
      await app.close();
      await engine.close();
    },
    /** A new tenant with a key: its calls. */
    async as(slug: string, role: Role = 'admin') {
      const tenant = (await tenants.find(slug)) ?? (await tenants.create({ slug, name: `Shop ${slug}` }));
      const { text, key } = await apiKeys.create({ tenantId: tenant.id, name: `${slug}'s key`, role });
      return Object.assign(caller(app, text), { tenant, key, keyText: text });
    },
  };
}

export function caller(app: FastifyInstance, key: string): Call {
  return async (method, url, body, headers = {}) => {
    const answer = await app.inject({
      method: method as 'GET',
      url,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.body === '' ? null : answer.json(),
    };
  };
}

/** Every answer of every test must be what the route's schema documents, no more and no less. */
function holdToDocument(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const { schema } = request.routeOptions as { schema?: { response?: Record<string, z.ZodType> } };
    const documented = schema?.response?.[reply.statusCode];
    if (!documented || typeof payload !== 'string' || payload === 'null') return payload;
    const body = JSON.parse(payload);
    const shown = documented.safeParse(body);
    const where = `${request.method} ${request.url}`;
    if (!shown.success) throw new Error(`${where} is not as documented: ${shown.error.message}`);
    if (!isDeepStrictEqual(shown.data, body)) throw new Error(`${where} has keys that are not documented`);
    return payload;
  });
}
