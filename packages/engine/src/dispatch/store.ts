import type { Transaction } from '../database.ts';
import { rows } from '../sql.ts';
import { type Lane, type LaneRow, toLane } from '../syncs/lanes.ts';

export interface NewEvent {
  id: string;
  sequence: number;
  tenantId: string;
  model: string;
  recordId: string;
  eventType: string;
  payload: string;
  actor: unknown;
  origin: number | null;
  depth: number;
  occurredAt: Date;
}

export interface NewSync {
  tenantId: string;
  integrationId: number;
  eventId: string;
  eventType: string;
  model: string;
  recordId: string;
  /** Whether it must wait for earlier syncs of its lane. */
  ordered: boolean;
  /** Whether it supersedes earlier ones of its record and event type that wait. */
  latestOnly: boolean;
}

export async function nextSequences(tx: Transaction, count: number): Promise<number[]> {
  const numbers = await rows<{ n: number }>(
    tx,
    "select nextval('integration_event_sequence') as n from generate_series(1, $1)",
    [count],
    'signalbox_next_sequences',
  );
  return numbers.map((row) => row.n);
}

const INSERT_EVENTS = `
  insert into integration_events
    (id, sequence, tenant_id, model, record_id, event_type, payload, actor, origin, depth, occurred_at)
  select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::json[], $9::bigint[], $10::int[], $11::timestamptz[])`;

export async function insertEvents(tx: Transaction, events: NewEvent[]): Promise<void> {
  await tx.query({
    name: 'signalbox_insert_events',
    text: INSERT_EVENTS,
    values: [
      events.map((e) => e.id),
      events.map((e) => e.sequence),
      events.map((e) => e.tenantId),
      events.map((e) => e.model),
      events.map((e) => e.recordId),
      events.map((e) => e.eventType),
      events.map((e) => e.payload),
      events.map((e) => (e.actor === null ? null : JSON.stringify(e.actor))),
      events.map((e) => e.origin),
      events.map((e) => e.depth),
      events.map((e) => e.occurredAt),
    ],
  });
}

/**
 * Inserts syncs in the order given. The first of a lane is due now, unless the lane has pending ones: then
 * the last of them (the tail) is locked and marked `followed`, so that it cannot end without waking the
 * newcomer. The caller holds the lane lock, so nobody else adds meanwhile.
 *
 * A tail that ended while we waited for its lock will wake nobody, and whether the lane has others is
 * more than this snapshot knows: the newcomer waits, and its lane is returned, to be woken after the commit.
 *
 * 500 into empty lanes, generic plan: 17 ms and 1.5 k buffers, 250 behind a tail 14 ms and 6.2 k, with 200 k pending
 * as with 1 k: one probe of the lane index each.
 */
const INSERT_SYNCS = `
  with given as (
    select *, row_number() over lane as place, lead(n) over lane is not null as leads
    from unnest($1::int[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::boolean[])
      as g(n, tenant_id, integration_id, event_id, event_type, model, record_id, ordered)
    window lane as (partition by integration_id, model, record_id, ordered order by n)
  ), tail as materialized (
    select l.n, t.id from given l cross join lateral (
      select s.id from integration_syncs s
      where s.integration_id = l.integration_id and s.record_id = l.record_id and s.model = l.model
        and s.status = 'pending'
      order by s.id desc limit 1) t
    where l.ordered and l.place = 1
  ), locked as materialized (
    select s.id from integration_syncs s where s.id in (select id from tail) order by s.id for update
  ), followed as (
    update integration_syncs s set followed = true from locked
    where s.id = locked.id and s.status = 'pending'
    returning s.id
  ), added as (
    insert into integration_syncs
      (tenant_id, integration_id, event_id, event_type, model, record_id, next_attempt_at, followed)
    select g.tenant_id, g.integration_id, g.event_id, g.event_type, g.model, g.record_id,
      case when not g.ordered or (g.place = 1 and t.id is null) then coalesce($9::timestamptz, now()) end,
      g.ordered and g.leads
    from given g left join tail t on t.n = g.n
    order by g.n
  )
  select g.integration_id, g.model, g.record_id from tail t join given g on g.n = t.n
  where t.id not in (select id from followed)`;

/** Returns the lanes that must be woken after the commit; seldom any. */
export async function insertSyncs(tx: Transaction, syncs: NewSync[], now: Date | null): Promise<Lane[]> {
  if (syncs.length === 0) return [];
  const unsettled = await rows<LaneRow>(
    tx,
    INSERT_SYNCS,
    [
      syncs.map((_, index) => index),
      syncs.map((s) => s.tenantId),
      syncs.map((s) => s.integrationId),
      syncs.map((s) => s.eventId),
      syncs.map((s) => s.eventType),
      syncs.map((s) => s.model),
      syncs.map((s) => s.recordId),
      syncs.map((s) => s.ordered),
      now,
    ],
    'signalbox_insert_syncs',
  );
  return unsettled.map(toLane);
}
