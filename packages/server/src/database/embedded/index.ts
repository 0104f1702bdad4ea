import fs from 'node:fs';
import path from 'node:path';
import { createInThread } from './database-thread.ts';
import { lockDirectory } from './directory-lock.ts';
import { fsyncDirectory, syncTree } from './durable-fs.ts';
import { EmbeddedDatabaseError } from './errors.ts';
import { type MaintenanceOptions, startMaintenance } from './maintenance.ts';
import { type Session, startSession } from './session.ts';
import { createSingleSessionPool, type EmbeddedPool, type PoolOptions } from './single-session-pool.ts';

export { EmbeddedDatabaseError, type EmbeddedErrorCode } from './errors.ts';
export type { EmbeddedConnection, EmbeddedPool } from './single-session-pool.ts';

export interface EmbeddedOptions extends PoolOptions {
  /** created when it does not exist; null keeps everything in memory, for tests */
  directory: string | null;
  /** tables that change all the time: see {@link startMaintenance} */
  maintenanceTables?: readonly string[];
  /** false: none; else overrides of its intervals */
  maintenance?: false | Partial<Omit<MaintenanceOptions, 'pool' | 'tables'>>;
  /** in memory only: start from what `dumpDataDir` returned */
  loadDataDir?: Uint8Array;
  /** called before a new database is made, which takes a few seconds */
  onCreate?: () => void;
  /** called once when the database stops by itself; every query rejects from then on */
  onStopped?: (error: EmbeddedDatabaseError) => void;
  /** the database thread's entry file, for tests */
  workerUrl?: URL;
}

export interface EmbeddedDatabase {
  pool: EmbeddedPool;
  /** The database as SQL that a Postgres server restores. Queries wait meanwhile; built in memory. */
  exportSql(): Promise<string>;
  /** The data directory as a tarball for `loadDataDir`. Not readable by a Postgres server. */
  dumpDataDir(): Promise<Uint8Array>;
  /** Lets the queries in hand finish, writes a checkpoint, closes and unlocks the directory. */
  close(): Promise<void>;
}

/** PGlite's major version: its data directories cannot be opened by another. */
const postgresMajor = '18';

/**
 * Opens the embedded Postgres: durable (a commit is on disk when its promise resolves), one process per
 * directory, one session, off the main thread. About 300 to 800 MB of memory. `statement_timeout` and
 * cancelling have no effect, `COPY … FROM STDIN` and `LISTEN` are not supported.
 *
 * Rejects with {@link EmbeddedDatabaseError}: `directory_in_use` or `directory_unusable`.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { directory } = options;
  if (directory === null) return assemble(options, await startSession(sessionOptions(options, null)));

  createPrivateDirectory(directory);
  let session: Session | undefined;
  let lost: EmbeddedDatabaseError | undefined;
  const lock = await lockDirectory(directory, {
    onLost(error) {
      lost = error;
      void session?.terminate(error);
    },
  });
  try {
    const data = path.join(directory, 'postgres');
    await ensureCreated(data, options.onCreate);
    session = await startSession(sessionOptions(options, data)).catch((cause: Error) => {
      throw unusable(directory, cause.message, cause);
    });
    if (lost) {
      await session.terminate(lost);
      throw lost;
    }
    return assemble(options, session, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function sessionOptions({ loadDataDir, workerUrl, onStopped }: EmbeddedOptions, data: string | null) {
  return { settings: { task: 'serve' as const, directory: data, loadDataDir }, workerUrl, onStopped };
}

function assemble(options: EmbeddedOptions, session: Session, unlock = async () => {}): EmbeddedDatabase {
  const pool = createSingleSessionPool(session, options);
  const maintenance =
    options.maintenance === false
      ? undefined
      : startMaintenance({ ...options.maintenance, pool, tables: options.maintenanceTables ?? [] });
  let closed: Promise<void> | undefined;
  const close = async () => {
    const ended = pool.end();
    await maintenance?.stop();
    await ended;
    await unlock();
  };
  return {
    pool,
    async exportSql() {
      return await pool.exclusively(async (session) => {
        await session.query(['checkpoint']);
        try {
          return (await session.request('export')) as string;
        } finally {
          await session.reset(); // pg_dump ran in this session: settings and prepared statements are its own
        }
      });
    },
    async dumpDataDir() {
      return await pool.exclusively(async (session) => {
        await session.query(['checkpoint']);
        return (await session.request('dumpDataDir')) as Uint8Array;
      });
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/**
 * Makes a new database beside its place and renames it when every file is on disk, so that a power cut
 * during the first start leaves either nothing or a whole database.
 */
async function ensureCreated(data: string, onCreate = () => {}): Promise<void> {
  const versionFile = path.join(data, 'PG_VERSION');
  if (fs.existsSync(data)) {
    const version = fs.existsSync(versionFile) ? fs.readFileSync(versionFile, 'utf8').trim() : 'none';
    if (version === postgresMajor) return;
    throw unusable(data, `it was made by version ${version}, this one needs ${postgresMajor}`);
  }
  onCreate();
  const unfinished = `${data}.unfinished`;
  fs.rmSync(unfinished, { recursive: true, force: true });
  await createInThread(unfinished);
  syncTree(unfinished);
  fs.renameSync(unfinished, data);
  fsyncDirectory(path.dirname(data));
}

function createPrivateDirectory(directory: string): void {
  const firstCreated = fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (firstCreated) fsyncDirectory(path.dirname(firstCreated));
}

function unusable(directory: string, why: string, cause?: Error): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    'directory_unusable',
    `The embedded database in ${directory} cannot be opened: ${why}`,
    { cause },
  );
}
