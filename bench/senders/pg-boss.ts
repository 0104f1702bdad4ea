import pg from 'pg';
import { type Job, PgBoss } from 'pg-boss';
import { loadReceivers, type PeerJob, peerJobs } from './peer-tables.ts';
import { createPoster, type Posted } from './post.ts';
import { createResultWriter, writeTogether } from './result-writer.ts';
import type { PgBossSettings, Running } from './sender.ts';

const QUEUE = 'webhooks';
const CONNECTIONS = 20;
const BATCH = 500;
const JOB = { retryLimit: 5, retryDelay: 30, retryBackoff: true } as const;

export async function loadPgBoss(databaseUrl: string, count: number, payload: string): Promise<void> {
  const boss = create(databaseUrl, { supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue(QUEUE, JOB);
  for (const jobs of peerJobs(count, payload)) {
    await boss.insert(
      QUEUE,
      jobs.map((data) => ({ ...JOB, data })),
    );
  }
  await boss.stop({ graceful: false });
}

/** Fetches batches, delivers their jobs side by side, and completes them together. */
export async function startPgBoss({ databaseUrl, concurrency, writing }: PgBossSettings): Promise<Running> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  pool.on('error', () => {});
  const receivers = await loadReceivers(pool);
  const results = createResultWriter(pool, writing);
  const { post, close } = createPoster(concurrency);
  const boss = create(databaseUrl, { schedule: false });
  await boss.start();

  async function deliver({ data }: Job<PeerJob>): Promise<Posted> {
    await results.begin(data.id);
    const posted = await post(receivers.get(data.integrationId)!, data, JSON.stringify(data.payload));
    if (writing === 'simple') await results.done(posted);
    return posted;
  }

  await boss.work<PeerJob>(
    QUEUE,
    {
      batchSize: BATCH,
      localConcurrency: 1,
      pollingIntervalSeconds: 0.5,
      burstWhenBatchFull: true,
      perJobResults: true,
    },
    async (jobs: Job<PeerJob>[]) => {
      const posted: Posted[] = [];
      let next = 0;
      const slot = async () => {
        while (next < jobs.length) {
          const index = next++;
          posted[index] = await deliver(jobs[index]!);
        }
      };
      await Promise.all(Array.from({ length: Math.min(concurrency, jobs.length) }, slot));
      if (writing === 'batched') await writeTogether(pool, posted);
      return jobs.map(({ id }, index) => ({
        id,
        status: posted[index]!.isDelivered ? ('completed' as const) : ('failed' as const),
      }));
    },
  );
  return {
    async stop() {
      await boss.stop({ graceful: false });
      await close();
      await pool.end();
    },
  };
}

function create(connectionString: string, options: { supervise?: boolean; schedule: boolean }): PgBoss {
  const boss = new PgBoss({ connectionString, max: 10, ...options });
  boss.on('error', (error) => {
    if (!/closed|ended|terminat/i.test(error.message)) console.error(`  pg-boss: ${error.message}`);
  });
  return boss;
}
