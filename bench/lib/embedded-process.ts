import fs from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Pool } from 'pg';
import { createApiKeys } from '../../packages/server/src/accounts/api-keys.ts';
import { buildApi } from '../../packages/server/src/api/build-api.ts';
import { type EmbeddedDatabase, openEmbedded } from '../../packages/server/src/database/embedded/index.ts';
import { createHost } from '../../packages/server/src/host/scope.ts';
import { type WiredEngine, wireEngine } from './engine.ts';
import { count, fillBacklog, prepareTemplate } from './fixtures.ts';
import { serve } from './remote.ts';

/** `npm start` in small: API, worker and scheduler in one process, on the embedded database in a directory. */
const TABLES = ['changes', 'events', 'syncs', 'attempts', 'health', 'workers'].map(
  (name) => `integration_${name}`,
);

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'signalbox-bench-embedded-'));
process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));

let database: EmbeddedDatabase;
let engine: WiredEngine;
let app: Awaited<ReturnType<typeof buildApi>>;
let running: ReturnType<WiredEngine['start']> | undefined;

const handlers = {
  /** Makes the database and listens; returns what a client of the API needs. */
  async open(receiver: string): Promise<{ origin: string; key: string }> {
    database = await openEmbedded({ directory, maintenanceTables: TABLES });
    const pool = database.pool as unknown as Pool;
    await prepareTemplate(pool, { origins: [receiver] }, { listen: false });
    engine = wireEngine(pool, { listen: false });
    const host = createHost(engine);
    const apiKeys = createApiKeys(host);
    const { text } = await apiKeys.create({ tenantId: 1, name: 'bench', role: 'admin' });
    app = await buildApi({ engine, host, apiKeys, ready: async () => [] });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, key: text };
  },
  fill: (pending: number, payload: string) =>
    fillBacklog(database.pool as unknown as Pool, { pending, payload }),
  start(concurrency: number) {
    running = engine.start({ worker: { concurrency }, scheduler: true });
  },
  pending: () => count(database.pool as unknown as Pool, `integration_syncs where status = 'pending'`),
  async close() {
    await running?.stop();
    await app.close();
    await engine.close();
    await database.close();
  },
};
export type EmbeddedHandlers = typeof handlers;

serve(handlers);
