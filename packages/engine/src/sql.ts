import type { QueryResultRow } from 'pg';
import { types } from 'pg';
import type { Queryable } from './database.ts';

const INT8 = 20;

const JSON_TEXT = 114;

/** The engine's own result types, whatever the host's pool is set to: ids are numbers. */
const engineTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    return oid === INT8 ? Number : types.getTypeParser(oid, format);
  },
} as typeof types;

const LONG_INTEGER = /(?<![\d.eE"+-])-?\d{16,}(?![\d.eE"])/;

/**
 * JSON of a host's row: an integer that a number would round, such as a 64-bit key, is a string of its
 * digits. Two that differ in the last digit are then two, as the database says.
 */
export function parseExactly(text: string): unknown {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text);
  return JSON.parse(text, ((_key: string, value: unknown, { source }: { source: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value) as (
    key: string,
    value: unknown,
  ) => unknown);
}

/** Runs a statement and returns its rows. Named statements are prepared once a connection. */
export async function rows<Row extends QueryResultRow>(
  db: Queryable,
  text: string,
  values: unknown[] = [],
  name?: string,
  parseJson?: (text: string) => unknown,
): Promise<Row[]> {
  const types = parseJson ? withJson(parseJson) : engineTypes;
  const result = await db.query<Row>({ text, values, types, ...(name && { name }) });
  return result.rows;
}

/** Runs a statement and returns how many rows it touched. */
export async function affected(db: Queryable, text: string, values: unknown[] = []): Promise<number> {
  const result = await db.query({ text, values });
  return result.rowCount ?? 0;
}

function withJson(parseJson: (text: string) => unknown): typeof types {
  return {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === JSON_TEXT ? parseJson : engineTypes.getTypeParser(oid, format),
  } as typeof types;
}
