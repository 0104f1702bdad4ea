import { randomUUID } from 'node:crypto';
import type { Context, Database } from '../../lib/context.ts';
import { drain } from '../../lib/drain.ts';
import { count, SLOTS } from '../../lib/fixtures.ts';
import type { Sample } from '../../lib/measure.ts';
import { ArrivalError } from '../../lib/sink.ts';
import { cleanBullmq, loadBullmq } from '../../senders/bullmq.ts';
import { createPeerTables } from '../../senders/peer-tables.ts';
import { loadPgBoss } from '../../senders/pg-boss.ts';
import type { SenderSettings, Writing } from '../../senders/sender.ts';

export interface Peer {
  name: string;
  deliveries: number;
  rounds: number;
  run(deliveries?: number): Promise<Sample>;
  samples: Sample[];
  close(): Promise<void>;
}

/** BullMQ (when there is a Redis) and pg-boss, each with shared result writes and as usually written. */
export async function peers(context: Context, rounds: number): Promise<Peer[]> {
  const { size, redis } = context;
  const found: Peer[] = [];
  for (const writing of ['batched', 'simple'] as const) {
    const deliveries = writing === 'batched' ? size(4_000, 20_000) : size(1_500, 10_000);
    if (redis) found.push(await bullmq(context, redis.url, writing, deliveries, rounds));
    found.push(await pgBoss(context, writing, deliveries, rounds));
  }
  return found;
}

async function bullmq(
  context: Context,
  redisUrl: string,
  writing: Writing,
  deliveries: number,
  rounds: number,
): Promise<Peer> {
  const prefix = `signalbox-bench-${randomUUID()}`;
  return peer(context, {
    name: `BullMQ, ${writing}`,
    deliveries,
    rounds,
    async prepare(deliveries) {
      await loadBullmq(redisUrl, prefix, deliveries, context.payload);
      return context.prepared(`peer ${deliveries}`, (pool) => tables(context, pool, deliveries));
    },
    settings: ({ url }) => ({
      kind: 'bullmq',
      databaseUrl: url,
      redisUrl,
      prefix,
      concurrency: SLOTS,
      writing,
    }),
    cleanUp: () => cleanBullmq(redisUrl, prefix),
  });
}

function pgBoss(context: Context, writing: Writing, deliveries: number, rounds: number): Promise<Peer> {
  return peer(context, {
    name: `pg-boss, ${writing}`,
    deliveries,
    rounds,
    prepare: (deliveries) =>
      context.prepared(`pg-boss ${deliveries}`, async (pool, url) => {
        await tables(context, pool, deliveries);
        await loadPgBoss(url, deliveries, context.payload);
        await pool.query('analyze');
      }),
    settings: ({ url }) => ({ kind: 'pg-boss', databaseUrl: url, concurrency: SLOTS, writing }),
    async cleanUp() {},
  });
}

function tables(context: Context, pool: Database['pool'], deliveries: number): Promise<void> {
  return createPeerTables(pool, context.sink.origins[0]!, context.payload, deliveries);
}

interface PeerOptions {
  name: string;
  deliveries: number;
  rounds: number;
  prepare(deliveries: number): Promise<Database>;
  settings(database: Database): SenderSettings;
  cleanUp(): Promise<void>;
}

async function peer(context: Context, options: PeerOptions): Promise<Peer> {
  const { name, rounds, prepare, settings, cleanUp } = options;
  const sender = await context.sender(name);
  return {
    name,
    deliveries: options.deliveries,
    rounds,
    samples: [],
    close: cleanUp,
    async run(deliveries = options.deliveries) {
      const database = await prepare(deliveries);
      const synced = () => count(database.pool, `syncs where status = 'synced'`);
      const sample = await drain(context, {
        what: name,
        senders: [sender],
        settings: [settings(database)],
        deliveries,
        isRecorded: async () => (await synced()) === deliveries,
      });
      const attempts = await count(database.pool, 'attempts where status_code = 200');
      if (attempts !== deliveries)
        throw new ArrivalError(`${name}: expected ${deliveries} attempts, got ${attempts}`);
      await database.drop();
      return sample;
    },
  };
}
