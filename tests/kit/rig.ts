import { randomUUID } from 'node:crypto';
import { compileFilter, connectors } from '@signalbox/connectors';
import {
  type Clock,
  type Connector,
  createEngine,
  createKeyRing,
  type Engine,
  type EngineOptions,
  type IntegrationInput,
  type Pool,
  type Roles,
  type Running,
} from '@signalbox/engine';
import { onTestFinished } from 'vitest';
import { loadTenants } from '../../packages/server/src/accounts/tenant-names.ts';
import { writeOutcomeNotes } from '../../packages/server/src/host/notes.ts';
import type { Message } from '../../packages/server/src/inbox/mailbox.ts';
import { triggers } from '../../packages/server/src/triggers/index.ts';
import { createReceiver } from './receiver.ts';
import type { TestDatabase } from './test-database.ts';

/** The engine on a test database, with Fixed Service's triggers and an inbox to deliver to. */
export interface Rig {
  engine: Engine;
  pool: Pool;
  /** Where the inbox `name` takes deliveries. */
  inboxUrl(name: string): string;
  /** Waits until the inbox has at least `count` messages; oldest first. */
  received(name: string, count: number): Promise<Message[]>;
  /** How the inbox answers; see PUT /inbox/:name/behaviour. */
  behave(name: string, behaviour: Record<string, unknown>): Promise<void>;
  /** A new tenant, named `Shop <id>`. */
  tenant(): Promise<number>;
  integration(tenantId: number, input?: Partial<IntegrationInput> & { inbox?: string }): Promise<number>;
  sql<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  start(roles?: Roles): Running;
  /** Waits until nothing is undispatched and nothing is due. */
  idle(): Promise<void>;
}

export interface RigOptions extends Partial<EngineOptions> {
  clock?: Clock;
  connectors?: readonly Connector[];
}

const WAIT_MS = 15_000;

export async function createRig(database: TestDatabase, options: RigOptions = {}): Promise<Rig> {
  const pool = database.pool as unknown as Pool;
  const engine = createEngine({
    pool,
    triggers,
    connectors,
    keyRing: createKeyRing(['the key of the tests which is long enough']),
    http: { allow: ['127.0.0.0/8'], plainHttp: true },
    tenants: loadTenants,
    compileFilter,
    onOutcomes: writeOutcomeNotes,
    listen: database.kind === 'postgres',
    ...options,
  });
  const receiver = await createReceiver();
  onTestFinished(() => engine.close());

  const sql: Rig['sql'] = async <Row>(text: string, values: unknown[] = []) =>
    (await pool.query({ text, values })).rows as Row[];

  return {
    engine,
    pool,
    sql,
    inboxUrl: receiver.url,
    received: receiver.received,
    behave: receiver.behave,

    async tenant() {
      const [row] = await sql<{ id: string }>(
        `insert into tenants (slug, name) values ($1, 'Shop') returning id`,
        [`t-${randomUUID()}`],
      );
      await sql(`update tenants set name = 'Shop ' || id where id = $1`, [row!.id]);
      return Number(row!.id);
    },

    async integration(tenantId, { inbox = 'main', ...input } = {}) {
      const { integration } = await engine.integrations.create(String(tenantId), {
        name: 'Production n8n',
        connector: 'webhook',
        eventTypes: engine.catalogue.eventTypes.map((type) => type.name),
        url: receiver.url(inbox),
        ...input,
      });
      return integration.id;
    },

    start: (roles = { worker: { concurrency: 32 } }) => engine.start(roles),

    async idle() {
      const deadline = Date.now() + WAIT_MS;
      for (;;) {
        const { undispatched, due } = await engine.workers.queue();
        if (undispatched === 0 && due === 0) return;
        if (Date.now() > deadline)
          throw new Error(`not idle after ${WAIT_MS} ms: ${undispatched} + ${due} waiting`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
