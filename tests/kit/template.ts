import { createEngine, createKeyRing, type Pool } from '@signalbox/engine';
import type pg from 'pg';
import { migrate } from '../../packages/server/src/migrate.ts';
import { triggers } from '../../packages/server/src/triggers/index.ts';

/** What test databases are made of: brings an empty database to the state every test starts from. */
export interface TemplatePool {
  query: pg.Pool['query'];
  connect(): Promise<{ query: pg.ClientBase['query']; release(error?: Error | boolean): void }>;
}

/** Runs once per test run and kind of database; every test database is a copy of the result. */
export async function prepareTemplate(pool: TemplatePool): Promise<void> {
  const engine = createEngine({
    pool: pool as unknown as Pool,
    triggers,
    connectors: [],
    keyRing: createKeyRing(['the key of the test template']),
    http: { allow: [], plainHttp: false },
    listen: false,
  });
  await migrate(engine);
  await engine.close();
}
