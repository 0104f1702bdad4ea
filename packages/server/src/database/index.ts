import type pg from 'pg';
import { type EmbeddedDatabase, type EmbeddedPool, openEmbedded } from './embedded/index.ts';
import { openPostgres } from './postgres.ts';

export interface DatabaseConfig {
  /** a Postgres server; absent: the embedded database */
  url?: string;
  /** where the embedded database lives; null keeps it in memory */
  directory: string | null;
  /** most connections to the server */
  max?: number;
  applicationName?: string;
  /** tables the embedded database vacuums every minute in which something was written */
  maintenanceTables?: readonly string[];
  /** the embedded database is not there yet and takes a few seconds to be made */
  onCreate?: () => void;
  onError?: (error: Error) => void;
}

export type Database =
  | { kind: 'postgres'; pool: pg.Pool; close(): Promise<void> }
  | ({ kind: 'embedded'; pool: EmbeddedPool } & EmbeddedDatabase);

/**
 * Opens the database that the configuration asks for. Both kinds have pg's pool; what the embedded one
 * cannot do is told at `openEmbedded`. Rejects with a message that says what to do.
 */
export async function openDatabase(config: DatabaseConfig): Promise<Database> {
  const { url, directory, max, applicationName, maintenanceTables, onCreate, onError } = config;
  if (url) {
    return { kind: 'postgres', ...(await openPostgres(url, { max, applicationName, onIdleError: onError })) };
  }
  const embedded = await openEmbedded({
    directory,
    maintenanceTables,
    onCreate,
    maintenance: { onError },
    onStopped: onError,
  });
  return { kind: 'embedded', ...embedded };
}
