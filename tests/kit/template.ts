import type pg from 'pg';

/** What test databases are made of: brings an empty database to the state every test starts from. */
export interface TemplatePool {
  query: pg.Pool['query'];
  connect(): Promise<{ query: pg.ClientBase['query']; release(error?: Error | boolean): void }>;
}

/** Runs once per test run and kind of database; every test database is a copy of the result. */
export async function prepareTemplate(_pool: TemplatePool): Promise<void> {}
