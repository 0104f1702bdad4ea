import type { CustomTypesConfig, QueryResult, QueryResultRow } from 'pg';

/**
 * What the engine needs of a database handle. `pg.Pool` satisfies it, and so does the embedded
 * database's pool. Rows come back as the query's own `types` say, so the host's parsers never matter.
 */
export interface Queryable {
  query<Row extends QueryResultRow = QueryResultRow>(query: Statement): Promise<QueryResult<Row>>;
}

/** A parameterised statement. `name` makes it a prepared statement, which the hot path relies on. */
export interface Statement {
  name?: string;
  text: string;
  values?: unknown[];
  types?: CustomTypesConfig;
}

/** One connection, taken from a {@link Pool} and given back by `release`. */
export interface Connection extends Queryable {
  release(error?: Error | boolean): void;
  /** pg's connections are event emitters; the embedded database's are not. */
  on?(event: 'error', listener: (error: Error) => void): unknown;
  off?(event: 'error', listener: (error: Error) => void): unknown;
}

export interface Pool extends Queryable {
  connect(): Promise<Connection>;
}

declare const inTransaction: unique symbol;

/**
 * A connection inside `begin … commit`. Functions that must run in the caller's transaction ask for
 * this type, so that a plain pool cannot be passed by mistake.
 */
export interface Transaction extends Queryable {
  readonly [inTransaction]: true;
}

/**
 * Runs `work` in one transaction: commits when it resolves, rolls back when it rejects, and always
 * returns the connection. A connection whose rollback fails is destroyed, never reused.
 */
export async function transaction<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks between two statements says so by an event, and one that nobody listens to
  // ends the process. The next statement rejects anyway.
  connection.on?.('error', ignore);
  try {
    await connection.query({ text: 'begin' });
    const result = await work(connection as unknown as Transaction);
    await connection.query({ text: 'commit' });
    return result;
  } catch (error) {
    await connection.query({ text: 'rollback' }).catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    connection.release(broken);
    connection.off?.('error', ignore);
  }
}

function ignore(): void {}
