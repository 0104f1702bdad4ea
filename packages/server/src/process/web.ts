import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { buildApi } from '../api/build-api.ts';
import type { Config } from '../config/config.ts';
import { createInbox, type Inbox } from '../inbox/inbox.ts';
import type { Services } from '../services.ts';
import { VERSION } from '../version.ts';
import { explained } from './listen.ts';
import { createMetrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export interface Web {
  app: FastifyInstance;
  /** How it is reached from this machine, such as `http://127.0.0.1:3000`. */
  url: string;
  /** Only in development. */
  inbox: Inbox | null;
}

/** Builds the API, with the inbox in development, and listens. */
export async function startWeb(services: Services, readiness: Readiness): Promise<Web> {
  const { config, engine, host, apiKeys, logger } = services;
  const app = await buildApi({
    engine,
    host,
    apiKeys,
    logger: logger.child({}, { level: quieter(config.logLevel) }),
    version: VERSION,
    ready: readiness.checks,
    metrics: createMetrics(engine),
  });
  const inbox = config.environment === 'development' ? createInbox() : null;
  if (inbox !== null) await app.register(inbox.plugin);
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    await app.close();
    throw explained(error as NodeJS.ErrnoException, config);
  }
  const { port } = app.server.address() as AddressInfo;
  return { app, url: `http://${reachableHost(config.host)}:${port}`, inbox };
}

/** Every request twice is too much for a log that people read; `debug` has them. */
function quieter(level: Config['logLevel']): string {
  return level === 'info' ? 'warn' : level;
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
