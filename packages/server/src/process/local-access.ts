import { SIGNALBOX } from '../cli/called-as.ts';
import type { ServedRoles } from '../cli/context.ts';
import { CliError, RunInServer } from '../cli/errors.ts';
import type { Io } from '../cli/io.ts';
import type { Access } from '../cli/run.ts';
import type { Config } from '../config/config.ts';
import { readConfig } from '../config/read-config.ts';
import { EmbeddedDatabaseError } from '../database/embedded/errors.ts';
import { migrate, pendingMigrationNames } from '../migrate.ts';
import { openServices, type Services } from '../services.ts';
import type { HostProcess } from './host-process.ts';
import { createLogger } from './logger.ts';
import { serve } from './serve.ts';

/** What commands work with in the caller's own process: it opens the database for the time of the command. */
export function localAccess(io: Io, host: HostProcess): Access {
  let read: Config | undefined;
  const config = () => {
    read ??= readConfig(io.env, io.cwd);
    return read;
  };

  async function withServicesAsIs<T>(work: (services: Services) => Promise<T>): Promise<T> {
    const services = await open(config(), io);
    try {
      return await work(services);
    } finally {
      await services.close();
    }
  }

  return {
    config,
    withServicesAsIs,
    withServices: (work) =>
      withServicesAsIs(async (services) => {
        await bringUpToDate(services);
        return work(services);
      }),
    serve: (roles: ServedRoles) => serve(config(), roles, io, host),
  };
}

async function open(config: Config, io: Io): Promise<Services> {
  // A command's output is its answer: only what is wrong is logged, unless somebody asked for more.
  const level = config.origins.LOG_LEVEL.source === 'default' ? 'warn' : config.logLevel;
  const logger = createLogger(io.stderr, { level, human: io.isTTY.stdout });
  try {
    return await openServices(config, { logger });
  } catch (error) {
    if (error instanceof EmbeddedDatabaseError && error.code === 'directory_in_use')
      throw new RunInServer(error.message);
    throw error;
  }
}

/** The embedded database has no administrator who would migrate it; a server has. */
async function bringUpToDate({ database, engine }: Services): Promise<void> {
  if (database.kind === 'embedded') {
    await migrate(engine);
    return;
  }
  const pending = await pendingMigrationNames(engine);
  if (pending.length > 0) {
    throw new CliError(
      `The database is not of this version: ${pending.join(', ')} did not run. Run: ${SIGNALBOX} migrate`,
    );
  }
}
