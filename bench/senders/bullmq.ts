import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { loadReceivers, type PeerJob, peerJobs } from './peer-tables.ts';
import { createPoster } from './post.ts';
import { createResultWriter } from './result-writer.ts';
import type { BullmqSettings, Running } from './sender.ts';

const QUEUE = 'webhooks';
const CONNECTIONS = 20;
const JOB = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 30_000 },
  removeOnComplete: true,
  removeOnFail: 1_000,
} as const;

export async function loadBullmq(
  redisUrl: string,
  prefix: string,
  count: number,
  payload: string,
): Promise<void> {
  const connection = connect(redisUrl);
  const queue = new Queue(QUEUE, { connection, prefix, defaultJobOptions: JOB });
  for (const jobs of peerJobs(count, payload))
    await queue.addBulk(jobs.map((data) => ({ name: 'deliver', data })));
  await queue.close();
  await connection.quit();
}

/** Removes what is left under the prefix, and nothing else of that Redis. */
export async function cleanBullmq(redisUrl: string, prefix: string): Promise<void> {
  const connection = connect(redisUrl);
  for await (const keys of connection.scanStream({ match: `${prefix}:*`, count: 1_000 })) {
    if ((keys as string[]).length > 0) await connection.unlink(...(keys as string[]));
  }
  await connection.quit();
}

export async function startBullmq(settings: BullmqSettings): Promise<Running> {
  const { databaseUrl, redisUrl, prefix, concurrency, writing } = settings;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  pool.on('error', () => {});
  const connection = connect(redisUrl);
  const receivers = await loadReceivers(pool);
  const results = createResultWriter(pool, writing);
  const { post, close } = createPoster(concurrency);
  const worker = new Worker<PeerJob>(
    QUEUE,
    async ({ data }) => {
      await results.begin(data.id);
      const posted = await post(receivers.get(data.integrationId)!, data, JSON.stringify(data.payload));
      await results.done(posted);
      if (!posted.isDelivered) throw new Error(`the receiver answered ${posted.status}`);
    },
    { connection, prefix, concurrency },
  );
  worker.on('error', () => {});
  await worker.waitUntilReady();
  return {
    async stop() {
      await worker.close();
      await close();
      connection.disconnect();
      await pool.end();
    },
  };
}

function connect(url: string): Redis {
  return new Redis(url, { maxRetriesPerRequest: null });
}
