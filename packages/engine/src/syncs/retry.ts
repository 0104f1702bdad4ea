import type { Transaction } from '../database.ts';
import type { Conditions } from '../paging.ts';
import { affected } from '../sql.ts';

/**
 * Makes at most `limit` of the matching syncs due now with a new budget of tries; a waiting retry is
 * superseded in place, so there is never a second one. Synced ones are sent again, with the same id.
 * Those that are being delivered at this moment are left alone. Returns how many.
 *
 * A sync that had ended goes to the back of its lane: it waits when the lane has an active one.
 */
export async function retrySyncs(
  tx: Transaction,
  conditions: Conditions,
  limit: number,
  now: Date | null,
): Promise<number> {
  const values = [...conditions.values, now];
  const at = `coalesce($${values.length}::timestamptz, now())`;
  return affected(
    tx,
    `with chosen as materialized (
       select s.id, s.integration_id, s.model, s.record_id, s.status, i.ordering
       from integration_syncs s join tenant_integrations i on i.id = s.integration_id
       where ${conditions.where} and i.deleted_at is null
         and (s.status <> 'pending' or s.leased_until is null or s.leased_until <= ${at})
       order by s.id limit ${limit} for update of s
     ), placed as (
       select c.*, row_number() over (partition by c.integration_id, c.model, c.record_id
           order by c.status <> 'pending', c.id) as place
       from chosen c
     ), lanes as (
       select p.*, a.id as other from placed p left join lateral (
         select o.id from integration_syncs o
         where p.ordering = 'record' and o.integration_id = p.integration_id and o.record_id = p.record_id
           and o.model = p.model and o.status = 'pending' and o.id <> p.id
         order by o.id limit 1) a on true
     ), followed as (
       update integration_syncs s set followed = true
       from lanes l
       where l.status <> 'pending' and l.ordering = 'record' and s.status = 'pending'
         and s.integration_id = l.integration_id and s.record_id = l.record_id and s.model = l.model
         and s.id not in (select id from chosen)
     )
     update integration_syncs s
     set status = 'pending', reason = null, retries = 0, ended_at = null, leased_by = null, leased_until = null,
         followed = s.followed or l.ordering = 'record',
         next_attempt_at = case
           when l.status = 'pending' then case when s.next_attempt_at is null then null else ${at} end
           when l.ordering = 'record' and (l.other is not null or l.place > 1) then null
           else ${at} end
     from lanes l where s.id = l.id`,
    values,
  );
}
