import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { buildApi } from '../api/build-api.ts';
import { CliError } from '../cli/errors.ts';
import type { Config } from '../config/config.ts';
import { createInbox } from '../inbox/inbox.ts';
import type { Services } from '../services.ts';
import { VERSION } from '../version.ts';
import { createMetrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export interface Web {
  app: FastifyInstance;
  /** How it is reached from this machine, such as `http://127.0.0.1:3000`. */
  url: string;
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
  if (config.environment === 'development') await app.register(createInbox().plugin);
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    await app.close();
    throw explained(error as NodeJS.ErrnoException, config);
  }
  const { port } = app.server.address() as AddressInfo;
  return { app, url: `http://${reachableHost(config.host)}:${port}` };
}

/** Every request twice is too much for a log that people read; `debug` has them. */
function quieter(level: Config['logLevel']): string {
  return level === 'info' ? 'warn' : level;
}

function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function explained(error: NodeJS.ErrnoException, { host, port }: Config): Error {
  if (error.code === 'EADDRINUSE') {
    return new CliError(
      `Port ${port} on ${host} is in use, perhaps by another Signalbox. Set PORT to another one; 0 takes any.`,
    );
  }
  if (error.code === 'EACCES')
    return new CliError(`This user may not listen on port ${port}. Set PORT to 1024 or higher.`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new CliError(
      `${host} is not an address of this machine. Set HOST to one, or to 0.0.0.0 for all of them.`,
    );
  }
  return error;
}
