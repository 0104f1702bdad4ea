import { randomUUID } from 'node:crypto';
import type { Engine } from '@signalbox/engine';
import { type FastifyBaseLogger, type FastifyInstance, fastify } from 'fastify';
import type { ApiKeys } from '../accounts/api-keys.ts';
import type { Host } from '../host/scope.ts';
import type { Api } from './api.ts';
import { authenticate } from './authenticate.ts';
import { acceptJson } from './body.ts';
import { answerProblems } from './errors.ts';
import { answerOnce } from './idempotency.ts';
import { documentApi } from './openapi.ts';
import { type OperationsOptions, operations } from './operations.ts';
import { routes } from './routes/index.ts';
import { validatorCompiler } from './validation/compiler.ts';

export interface ApiOptions extends OperationsOptions {
  engine: Engine;
  host: Host;
  apiKeys: ApiKeys;
  /** Default: nothing is logged. */
  logger?: FastifyBaseLogger;
  /** Adds what every route must have (hooks that measure or check), before there is any. */
  extend?(app: FastifyInstance): void | Promise<void>;
  /** Shown in OpenAPI. */
  version?: string;
  /** Whether X-Forwarded-* is believed. Default false. */
  trustProxy?: boolean | string | string[];
}

/** A body may have this many bytes. */
export const BODY_LIMIT = 1_048_576;

/**
 * The HTTP API, not yet listening: `inject` tests it, `listen` serves it, and `register` adds to it (the
 * inbox, the admin UI) before either.
 *
 * @example
 * const app = await buildApi({ engine, host, apiKeys, ready: async () => [] });
 * await app.inject({ url: '/api/v1/me', headers: { authorization: `Bearer ${key}` } });
 */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const { engine, host, apiKeys, logger, version = '0.0.0', trustProxy = false } = options;
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomUUID(),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
    trustProxy,
    ...(logger ? { loggerInstance: logger } : { logger: false }),
  }) as unknown as FastifyInstance;

  app.setValidatorCompiler(validatorCompiler as never);
  // Presenters make what goes out, and tests hold it to the documented schemas; nothing is cut at run time.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });

  await options.extend?.(app);
  answerProblems(app);
  await documentApi(app, engine.catalogue, version);
  operations(app, options);
  await app.register(
    async (api) => {
      acceptJson(api);
      authenticate(api, apiKeys);
      answerOnce(api, host);
      for (const register of routes) register(api as unknown as Api, { engine, host });
    },
    { prefix: '/api/v1' },
  );
  return app;
}
