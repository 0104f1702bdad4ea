import type { Queryable } from '@signalbox/engine';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import pg from 'pg';
import type { Database } from './schema.ts';

const BIGINT = 20;

/** Ids are JSON numbers everywhere, so bigint comes as a number; the rest is as `pg` has it. */
export const hostTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === BIGINT && format !== 'binary') return Number;
    return pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

/**
 * Typed SQL on the engine's small database handle: a pool, or the connection of a transaction. It begins
 * no transactions of its own, because the handle already says whether there is one.
 */
export function kyselyOn(handle: Queryable): Kysely<Database> {
  return new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new HandleDriver(handle),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

class HandleDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(handle: Queryable) {
    this.#connection = new HandleConnection(handle);
  }

  async init() {}
  async destroy() {}
  async releaseConnection() {}

  async acquireConnection() {
    return this.#connection;
  }

  beginTransaction = noTransactions;
  commitTransaction = noTransactions;
  rollbackTransaction = noTransactions;
}

async function noTransactions(): Promise<never> {
  throw new Error('transactions begin with transaction(pool, …), which gives a handle for kyselyOn');
}

class HandleConnection implements DatabaseConnection {
  readonly #handle: Queryable;

  constructor(handle: Queryable) {
    this.#handle = handle;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const result = await this.#handle.query({
      text: query.sql,
      values: [...query.parameters],
      types: hostTypes,
    });
    return { rows: result.rows as Row[], numAffectedRows: BigInt(result.rowCount ?? 0) };
  }

  // biome-ignore lint/correctness/useYield: nothing here streams
  async *streamQuery(): AsyncGenerator<never> {
    throw new Error('streaming is not supported on this handle');
  }
}
