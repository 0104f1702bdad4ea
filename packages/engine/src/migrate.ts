import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Pool, transaction } from './database.ts';
import { affected, rows } from './sql.ts';

/** Advisory lock under which migrations and trigger attachment run, one process at a time. */
export const MIGRATION_LOCK = 7_316_402_911;

const LEDGER = `
  create table if not exists signalbox_migrations (
    line       text not null,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default now(),
    primary key (line, name)
  )`;

/**
 * Applies the `.sql` files of a directory that this database has not seen, in the order of their names,
 * each in one transaction with its ledger row. Safe when several processes start at once: the second
 * waits and finds nothing to do. Returns the names applied.
 *
 * Throws when a file that was applied has been edited since, or when the ledger knows a later file than
 * the directory has (an older version of the program on a newer database).
 */
export async function runMigrations(pool: Pool, line: string, directory: string): Promise<string[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const applied: string[] = [];
  for (const name of files) {
    const text = await readFile(join(directory, name), 'utf8');
    const isNew = await transaction(pool, async (tx) => {
      await tx.query({ text: 'select pg_advisory_xact_lock($1)', values: [MIGRATION_LOCK] });
      await tx.query({ text: LEDGER });
      const checksum = createHash('sha256').update(text).digest('hex').slice(0, 16);
      const known = await rows<{ checksum: string }>(
        tx,
        'select checksum from signalbox_migrations where line = $1 and name = $2',
        [line, name],
      );
      if (known[0]) {
        if (known[0].checksum === checksum) return false;
        throw new Error(
          `migration ${line}/${name} was edited after it had been applied to this database; ` +
            'restore the file and write what is new into a further migration',
        );
      }
      await affected(tx, 'insert into signalbox_migrations (line, name, checksum) values ($1, $2, $3)', [
        line,
        name,
        checksum,
      ]);
      await tx.query({ text });
      return true;
    });
    if (isNew) applied.push(name);
  }
  await refuseNewerDatabase(pool, line, files);
  return applied;
}

/** The names of a line's files that the database has not seen. */
export async function pendingMigrations(pool: Pool, line: string, directory: string): Promise<string[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const [ledger] = await rows<{ name: string | null }>(
    pool,
    "select to_regclass('signalbox_migrations') as name",
  );
  if (!ledger?.name) return files;
  const known = await rows<{ name: string }>(pool, 'select name from signalbox_migrations where line = $1', [
    line,
  ]);
  const names = new Set(known.map((row) => row.name));
  return files.filter((name) => !names.has(name));
}

async function refuseNewerDatabase(pool: Pool, line: string, files: string[]): Promise<void> {
  const unknown = await rows<{ name: string }>(
    pool,
    'select name from signalbox_migrations where line = $1 and name <> all($2) order by name',
    [line, files],
  );
  if (unknown[0]) {
    throw new Error(
      `this database has the migration ${line}/${unknown[0].name}, which this version does not know; ` +
        'a newer version of Signalbox has migrated it: upgrade this one',
    );
  }
}
