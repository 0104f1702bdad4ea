import type { Running } from '@signalbox/engine';
import { SIGNALBOX } from '../cli/called-as.ts';
import type { ServedRoles } from '../cli/context.ts';
import { CliError, EXIT } from '../cli/errors.ts';
import type { Io } from '../cli/io.ts';
import type { Config } from '../config/config.ts';
import { controlPath, serveControl } from '../database/embedded/control-socket.ts';
import { ensureDemo } from '../demo/ensure-demo.ts';
import { readyBlock } from '../demo/ready-block.ts';
import { migrate, pendingWork } from '../migrate.ts';
import { openServices, type Services } from '../services.ts';
import type { HostProcess } from './host-process.ts';
import { checkAddress } from './listen.ts';
import { createLogger } from './logger.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import { runForCaller } from './server-access.ts';
import { drain, type Step, untilEnding } from './shutdown.ts';
import { startWeb, type Web } from './web.ts';

/**
 * Becomes one or several roles. Resolves to the exit code once asked to end: 0 when everything under way
 * was finished in time, 1 when not or when something went wrong that nobody caught.
 */
export async function serve(config: Config, roles: ServedRoles, io: Io, host: HostProcess): Promise<number> {
  if (config.databaseUrl === null && !roles.all) {
    throw new CliError(
      'One role a process needs a Postgres server: set DATABASE_URL. The embedded database has one process, which ' +
        `has all roles: ${SIGNALBOX} start`,
    );
  }
  if (roles.web) await checkAddress(config);
  const logger = createLogger(io.stderr, { level: config.logLevel, human: io.isTTY.stdout });
  for (const warning of config.warnings) logger.warn(warning);
  const { ending, stopListening } = untilEnding(host);
  const steps: Step[] = [];
  try {
    const services = await openServices(config, { logger });
    steps.unshift({ name: 'database', run: () => services.close() });
    // A signal while starting is obeyed as soon as what was begun is in hand.
    await begin(services, roles, io, steps);
    const why = await ending;
    stopListening();
    if (why.kind === 'uncaught') logger.fatal({ err: why.error }, 'an error that nobody caught; ending');
    else logger.info({ signal: why.signal }, 'ending: what is under way is finished first');
    const askedAt = why.kind === 'signal' ? why.at : null;
    const well = await drain(steps, config.shutdownTimeoutMs, host, logger, { askedAt });
    return well && why.kind === 'signal' ? EXIT.ok : EXIT.failure;
  } catch (error) {
    stopListening();
    await drain(steps, config.shutdownTimeoutMs, host, logger);
    throw error;
  }
}

/** Starts everything and notes, in `steps`, how to end it: first what was started last. */
async function begin(services: Services, roles: ServedRoles, io: Io, steps: Step[]): Promise<void> {
  const { config, engine, database, logger } = services;
  await prepareDatabase(services, roles);
  if (database.kind === 'embedded') {
    const control = await serveControl(controlPath(config.dataDirectory), (call) =>
      runForCaller(services, call),
    );
    steps.unshift({ name: 'control socket', run: () => control.close() });
  }

  const readiness = createReadiness(services);
  const web = roles.web ? await beginWeb(services, readiness, steps) : null;
  const demo = roles.all && web?.inbox ? await ensureDemo(services, web.url, web.inbox) : null;

  let running: Running | null = null;
  if (roles.worker || roles.scheduler) {
    const worker = roles.worker ? { concurrency: roles.concurrency ?? config.concurrency } : undefined;
    const roleRun = engine.start({ worker, scheduler: roles.scheduler });
    running = roleRun;
    steps.unshift({ name: 'deliveries', run: () => roleRun.stop({ timeoutMs: config.shutdownTimeoutMs }) });
  }
  readiness.open(running);
  steps.unshift({ name: 'readiness', run: async () => readiness.drain() });

  logger.info({ roles: namesOf(roles), url: web?.url, database: database.kind }, 'ready');
  if (!roles.all || web === null) return;
  const hasTenant = demo !== null || (await services.tenants.list()).length > 0;
  io.stdout.write(readyBlock({ config, url: web.url, databaseKind: database.kind, demo, hasTenant }));
}

async function prepareDatabase({ engine, logger }: Services, roles: ServedRoles): Promise<void> {
  if (roles.all) {
    const { engine: engineLine, host, attached } = await migrate(engine);
    const applied = [...engineLine.map((name) => `engine/${name}`), ...host.map((name) => `host/${name}`)];
    if (applied.length + attached.length > 0) logger.info({ applied, attached }, 'the database was migrated');
    return;
  }
  const pending = await pendingWork(engine);
  if (pending.length > 0) {
    throw new CliError(
      `The database is not of this version:\n  ${pending.join('\n  ')}\nRun: ${SIGNALBOX} migrate`,
    );
  }
}

async function beginWeb(services: Services, readiness: Readiness, steps: Step[]): Promise<Web> {
  const web = await startWeb(services, readiness);
  steps.unshift({ name: 'web', run: () => web.app.close() });
  return web;
}

function namesOf({ web, worker, scheduler }: ServedRoles): string[] {
  return Object.entries({ web, worker, scheduler })
    .filter(([, has]) => has)
    .map(([name]) => name);
}
