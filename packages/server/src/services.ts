import { compileFilter, connectors } from '@signalbox/connectors';
import { createEngine, createKeyRing, type Engine, type KeyRing } from '@signalbox/engine';
import { type ApiKeys, createApiKeys } from './accounts/api-keys.ts';
import { loadTenants } from './accounts/tenant-names.ts';
import { createTenants, type Tenants } from './accounts/tenants.ts';
import type { Config } from './config/config.ts';
import { secretKeysOf } from './config/secret-key.ts';
import { type Database, openDatabase } from './database/index.ts';
import { pruneAnswers } from './host/idempotency.ts';
import { kyselyOn } from './host/kysely.ts';
import { writeOutcomeNotes } from './host/notes.ts';
import { createHost, type Host } from './host/scope.ts';
import type { AppLogger } from './process/logger.ts';
import { triggers } from './triggers/index.ts';
import { VERSION } from './version.ts';

/** Everything of one installation, wired. Every command and every test works on one of these; nothing is global. */
export interface Services {
  config: Config;
  logger: AppLogger;
  database: Database;
  engine: Engine;
  host: Host;
  tenants: Tenants;
  apiKeys: ApiKeys;
  keyRing: KeyRing;
  /** Closes what was opened here. */
  close(): Promise<void>;
}

export interface ServicesOptions {
  logger: AppLogger;
  /** Used instead of opening one, and not closed; for tests. */
  database?: Database;
}

/** The tables that change all the time, which the embedded database has to clean up itself. */
const HOT_TABLES = [
  'integration_changes',
  'integration_events',
  'integration_syncs',
  'integration_attempts',
  'integration_health',
  'integration_workers',
];

/** Opens the database and wires the rest. Migrates nothing: see migrate.ts. */
export async function openServices(config: Config, options: ServicesOptions): Promise<Services> {
  const { logger } = options;
  const secretKeys = secretKeysOf(config, (path) =>
    logger.info(
      { path },
      'a secret key was generated; keep a copy of it, it opens the secrets of integrations',
    ),
  );
  const database = options.database ?? (await openConfigured(config, logger));
  const keyRing = createKeyRing(secretKeys);
  const engine = createEngine({
    pool: database.pool,
    triggers,
    connectors,
    keyRing,
    compileFilter,
    http: { allow: config.egressAllow, plainHttp: config.environment === 'development' },
    tenants: loadTenants,
    onOutcomes: writeOutcomeNotes,
    retention: config.retention,
    chores: [{ name: 'prune_answers', everyMs: 3_600_000, run: () => pruneAnswers(kyselyOn(database.pool)) }],
    logger,
    listen: database.kind === 'postgres',
    version: VERSION,
    userAgent: `Signalbox/${VERSION}`,
  });
  const host = createHost(engine);
  return {
    config,
    logger,
    database,
    engine,
    keyRing,
    host,
    tenants: createTenants(host),
    apiKeys: createApiKeys(host),
    async close() {
      await engine.close();
      if (options.database === undefined) await database.close();
    },
  };
}

function openConfigured(config: Config, logger: AppLogger): Promise<Database> {
  return openDatabase({
    url: config.databaseUrl ?? undefined,
    directory: config.dataDirectory,
    maintenanceTables: HOT_TABLES,
    onCreate: () => logger.info('creating the database (a few seconds, only this once)'),
    onError: (error) => logger.error({ err: error }, 'the database reported an error'),
  });
}
