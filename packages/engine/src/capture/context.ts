import type { Transaction } from '../database.ts';
import type { ChangeContext, EmittedEvent } from '../engine-api.ts';

/** Says who makes the changes of this transaction, and through which integration they came. */
export async function setContext(tx: Transaction, context: ChangeContext): Promise<void> {
  await tx.query({
    name: 'signalbox_set_context',
    text: `select set_config('signalbox.actor', $1, true), set_config('signalbox.origin', $2, true),
                  set_config('signalbox.depth', $3, true)`,
    values: [
      context.actor ? JSON.stringify(context.actor) : '',
      context.originIntegrationId?.toString() ?? '',
      context.depth?.toString() ?? '',
    ],
  });
}

/** Raises an event that is no row change, in the caller's transaction: no commit, no event. */
export async function emit(tx: Transaction, event: EmittedEvent): Promise<void> {
  await tx.query({
    text: `insert into integration_changes (tenant_id, model, record_id, operation, event_type, new, actor, origin, depth)
           select $1, $2, $3, 'emit', $4, $5::json,
             nullif(current_setting('signalbox.actor', true), '')::json,
             nullif(current_setting('signalbox.origin', true), '')::bigint,
             coalesce(nullif(current_setting('signalbox.depth', true), '')::integer, 0)`,
    values: [event.tenantId, event.model, event.recordId, event.eventType, JSON.stringify(event.payload)],
  });
}
