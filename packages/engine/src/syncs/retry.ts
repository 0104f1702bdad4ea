import type { Transaction } from '../database.ts';
import type { Conditions } from '../paging.ts';
import { affected, rows } from '../sql.ts';
import { lockLanes } from './lanes.ts';

/** What one call has looked at; `last` is where the next one goes on, null when nothing is left. */
export interface RetriedBatch {
  retried: number;
  last: number | null;
}

/**
 * Makes at most `limit` of the matching syncs above id `after` due now with a new budget of tries; a
 * waiting retry is superseded in place, so there is never a second one. Synced ones are sent again, with
 * the same id. Those that are being delivered at this moment are left alone.
 *
 * A sync that had ended waits when its lane has others pending, and is the next of them, because its id
 * is lower than theirs.
 */
export async function retrySyncs(
  tx: Transaction,
  conditions: Conditions,
  { limit, after = 0, now }: { limit: number; after?: number; now: Date | null },
): Promise<RetriedBatch> {
  await lockLanes(tx);
  const ids = await lockChosen(tx, conditions, limit, after, now);
  if (ids.length === 0) return { retried: 0, last: null };
  const retried = await makeDue(tx, conditions, ids, now);
  return { retried, last: ids.length < limit ? null : ids.at(-1)! };
}

/** Due already, or in no worker's hands. */
const isFree = (at: string) => `(s.status <> 'pending' or s.leased_until is null or s.leased_until <= ${at})`;

/**
 * Locks what is chosen and, in the lanes that it comes back to, what is pending there: until we commit
 * none of that ends, so the next statement's picture of those lanes holds.
 */
async function lockChosen(
  tx: Transaction,
  conditions: Conditions,
  limit: number,
  after: number,
  now: Date | null,
): Promise<number[]> {
  const values = [...conditions.values, after, now];
  const [row] = await rows<{ ids: (number | string)[] | null }>(
    tx,
    `with chosen as materialized (
       select s.id, s.integration_id, s.model, s.record_id, s.status <> 'pending' and i.ordering = 'record' as joins
       from integration_syncs s join tenant_integrations i on i.id = s.integration_id
       where ${conditions.where} and s.id > $${values.length - 1} and i.deleted_at is null
         and ${isFree(`coalesce($${values.length}::timestamptz, now())`)}
       order by s.id limit ${limit}
     ), locked as materialized (
       select s.id from integration_syncs s
       where s.id in (
         select c.id from chosen c
         union all
         select o.id from (select distinct integration_id, record_id, model from chosen where joins) l
         join integration_syncs o on o.integration_id = l.integration_id and o.record_id = l.record_id
           and o.model = l.model and o.status = 'pending')
       order by s.id for update
     )
     select array_agg(c.id order by c.id) as ids, (select count(*) from locked) from chosen c`,
    values,
  );
  return (row!.ids ?? []).map(Number);
}

/** Asks the conditions again: some may have ended, been cancelled or claimed while we waited for the locks. */
function makeDue(tx: Transaction, conditions: Conditions, ids: number[], now: Date | null): Promise<number> {
  const values = [...conditions.values, ids, now];
  const at = `coalesce($${values.length}::timestamptz, now())`;
  return affected(
    tx,
    `with chosen as materialized (
       select s.id, s.integration_id, s.model, s.record_id, s.status, i.ordering
       from integration_syncs s join tenant_integrations i on i.id = s.integration_id
       where s.id = any($${values.length - 1}::bigint[]) and ${conditions.where} and ${isFree(at)}
     ), joining as materialized (
       select c.*, row_number() over (partition by c.integration_id, c.record_id, c.model order by c.id) as place
       from chosen c where c.status <> 'pending' and c.ordering = 'record'
     ), ahead as (
       update integration_syncs o set followed = true
       from (select distinct integration_id, record_id, model from joining) l
       where o.integration_id = l.integration_id and o.record_id = l.record_id and o.model = l.model
         and o.status = 'pending' and not o.followed and o.id not in (select id from chosen)
     )
     update integration_syncs s
     set status = 'pending', reason = null, retries = 0, ended_at = null, leased_by = null, leased_until = null,
         followed = s.followed or c.ordering = 'record',
         next_attempt_at = case
           when c.status = 'pending' and s.next_attempt_at is null then null
           when j.place > 1 or (j.place = 1 and exists (
             select 1 from integration_syncs o
             where o.integration_id = c.integration_id and o.record_id = c.record_id and o.model = c.model
               and o.status = 'pending')) then null
           else ${at} end
     from chosen c left join joining j on j.id = c.id
     where s.id = c.id`,
    values,
  );
}
