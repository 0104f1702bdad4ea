import type { Pool } from 'pg';
import type { Posted } from './post.ts';
import type { Writing } from './sender.ts';

/** How a peer's handler makes its result durable before the job counts as done. */
export interface ResultWriter {
  begin(id: number): Promise<void>;
  done(posted: Posted): Promise<void>;
}

export function createResultWriter(pool: Pool, writing: Writing): ResultWriter {
  return writing === 'simple' ? threeStatements(pool) : shared(pool);
}

/** As most applications write it: three statements a job. */
function threeStatements(pool: Pool): ResultWriter {
  return {
    async begin(id) {
      await pool.query({
        name: 'begin_sync',
        text: `update syncs set status = 'sending', attempts = attempts + 1 where id = $1`,
        values: [id],
      });
    },
    async done({ id, integrationId, status, durationMs, body, isDelivered }) {
      await pool.query({
        name: 'insert_attempt',
        text: `insert into attempts (sync_id, integration_id, status_code, duration_ms, response_body)
               values ($1, $2, $3, $4, $5)`,
        values: [id, integrationId, status, durationMs, body],
      });
      await pool.query({
        name: 'end_sync',
        text: `update syncs set status = $2, response = $3, synced_at = case when $2 = 'synced' then now() end where id = $1`,
        values: [id, isDelivered ? 'synced' : 'failed', body],
      });
    },
  };
}

/** Jobs that end while a statement runs share the next one. */
function shared(pool: Pool): ResultWriter {
  let waiting: { posted: Posted; resolve(): void; reject(error: unknown): void }[] = [];
  let writing = false;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await writeTogether(
          pool,
          batch.map((one) => one.posted),
        );
        for (const one of batch) one.resolve();
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    writing = false;
  }

  return {
    async begin() {},
    done: (posted) =>
      new Promise((resolve, reject) => {
        waiting.push({ posted, resolve, reject });
        if (writing) return;
        writing = true;
        setImmediate(() => void write());
      }),
  };
}

/** Syncs and attempts of a batch in one statement. */
export async function writeTogether(pool: Pool, batch: readonly Posted[]): Promise<void> {
  await pool.query({
    name: 'write_results',
    text: `with given as (
        select * from unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::text[]) as g(id, integration_id, code, ms, body)
      ), logged as (
        insert into attempts (sync_id, integration_id, status_code, duration_ms, response_body)
        select id, integration_id, code, ms, body from given
      )
      update syncs s
      set status = case when code < 300 then 'synced' when attempts < 5 then 'pending' else 'failed' end,
          attempts = attempts + 1, response = body::jsonb,
          synced_at = case when code < 300 then now() end,
          next_attempt_at = case when code < 300 then next_attempt_at else now() + interval '30 s' end
      from given where s.id = given.id`,
    values: [
      batch.map((one) => one.id),
      batch.map((one) => one.integrationId),
      batch.map((one) => one.status),
      batch.map((one) => one.durationMs),
      batch.map((one) => one.body),
    ],
  });
}
