import type { Pool } from 'pg';

/** What a job of a peer carries. */
export interface PeerJob {
  id: number;
  integrationId: number;
  payload: unknown;
}

const RECEIVERS = 10;

const SCHEMA = `
  create table integrations (id int primary key, url text not null);
  create table syncs (
    id              bigint primary key,
    integration_id  int not null,
    object_id       bigint not null,
    event_type      text not null,
    status          text not null default 'pending',
    attempts        int not null default 0,
    payload         jsonb not null,
    response        jsonb,
    created_at      timestamptz not null default now(),
    synced_at       timestamptz,
    next_attempt_at timestamptz not null default now()
  );
  create index syncs_of_object on syncs (integration_id, object_id, event_type);
  create index syncs_due on syncs (id) where status = 'pending';
  create table attempts (
    id             bigint generated always as identity primary key,
    sync_id        bigint not null,
    integration_id int not null,
    status_code    int,
    duration_ms    int,
    response_body  text,
    created_at     timestamptz not null default now()
  );
  create index attempts_of_sync on attempts (sync_id);`;

/** The tables that an application with a job queue would have beside it, with `count` syncs to do. */
export async function createPeerTables(
  pool: Pool,
  origin: string,
  payload: string,
  count: number,
): Promise<void> {
  await pool.query(SCHEMA);
  await pool.query(
    `insert into integrations select n, $1 || '/hook/' || n from generate_series(1, $2::int) n`,
    [origin, RECEIVERS],
  );
  await pool.query(
    `insert into syncs (id, integration_id, object_id, event_type, payload)
     select n, 1 + n % $3::int, n, 'workitem_created', $2::jsonb from generate_series(1, $1::int) n`,
    [count, payload, RECEIVERS],
  );
  await pool.query('vacuum analyze syncs');
}

/** The jobs of `createPeerTables`, a thousand at a time. */
export function* peerJobs(count: number, payload: string): Generator<PeerJob[]> {
  const parsed = JSON.parse(payload);
  for (let from = 1; from <= count; from += 1_000) {
    const length = Math.min(1_000, count - from + 1);
    yield Array.from({ length }, (_, index) => {
      const id = from + index;
      return { id, integrationId: 1 + (id % RECEIVERS), payload: parsed };
    });
  }
}

export async function loadReceivers(pool: Pool): Promise<Map<number, string>> {
  const { rows } = await pool.query<{ id: number; url: string }>('select id, url from integrations');
  return new Map(rows.map(({ id, url }) => [id, url]));
}
