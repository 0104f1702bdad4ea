import type { QueryResultRow } from 'pg';
import { types } from 'pg';
import type { Queryable } from './database.ts';

const INT8 = 20;

/** The engine's own result types, whatever the host's pool is set to: ids are numbers. */
const engineTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    return oid === INT8 ? Number : types.getTypeParser(oid, format);
  },
} as typeof types;

/** Runs a statement and returns its rows. Named statements are prepared once a connection. */
export async function rows<Row extends QueryResultRow>(
  db: Queryable,
  text: string,
  values: unknown[] = [],
  name?: string,
): Promise<Row[]> {
  const result = await db.query<Row>({ text, values, types: engineTypes, ...(name && { name }) });
  return result.rows;
}

/** Runs a statement and returns how many rows it touched. */
export async function affected(db: Queryable, text: string, values: unknown[] = []): Promise<number> {
  const result = await db.query({ text, values });
  return result.rowCount ?? 0;
}
