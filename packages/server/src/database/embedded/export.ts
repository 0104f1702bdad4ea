import type { PGlite } from '@electric-sql/pglite';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';

/**
 * The whole database as SQL that `psql` or one multi-statement query restores into an empty Postgres 18
 * database of any owner. Runs in the database's one session: other queries wait, and prepared statements
 * are gone afterwards, so the caller reconnects. The text is built in memory.
 */
export async function dumpSql(database: PGlite): Promise<string> {
  const file = await pgDump({
    pg: database,
    args: ['--no-owner', '--no-privileges', '--rows-per-insert=500'],
  });
  return await file.text();
}
