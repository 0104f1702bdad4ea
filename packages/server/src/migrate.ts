import { fileURLToPath } from 'node:url';
import { type Engine, pendingMigrations, runMigrations } from '@signalbox/engine';

const HOST_LINE = 'host';
const HOST_MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));

export interface Migrated {
  engine: string[];
  host: string[];
  /** Models whose capture triggers were attached or replaced. */
  attached: string[];
}

/**
 * Brings the database to this version: the engine's tables, then the host's, then the capture triggers on
 * them. Safe when several processes start at once; does nothing when there is nothing to do.
 */
export async function migrate(engine: Engine): Promise<Migrated> {
  return {
    engine: await engine.migrate(),
    host: await runMigrations(engine.pool, HOST_LINE, HOST_MIGRATIONS),
    attached: await engine.attach(),
  };
}

/** What `migrate` would do, in words; empty when the database is of this version. */
export async function pendingWork(engine: Engine): Promise<string[]> {
  const migrations = await pendingMigrationNames(engine);
  if (migrations.length > 0) return migrations.map((name) => `migration ${name}`);
  return (await engine.drift()).map(({ model, problem }) => `capture triggers of ${model}: ${problem}`);
}

export async function pendingMigrationNames(engine: Engine): Promise<string[]> {
  const ofEngine = await engine.pendingMigrations();
  const ofHost = await pendingMigrations(engine.pool, HOST_LINE, HOST_MIGRATIONS);
  return [...ofEngine.map((name) => `engine/${name}`), ...ofHost.map((name) => `host/${name}`)];
}
