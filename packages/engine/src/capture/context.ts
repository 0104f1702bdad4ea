import type { Transaction } from '../database.ts';
import { didYouMean } from '../did-you-mean.ts';
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

/** Keys are indexed, and an index takes 2,704 bytes: a longer one could not even be set aside. */
const MAX_KEY_BYTES = 1_000;

/**
 * Raises an event that is no row change, in the caller's transaction: no commit, no event. Throws when
 * nothing could ever dispatch it: a model that no trigger declares, or a key that does not fit an index.
 */
export async function emit(tx: Transaction, event: EmittedEvent, models: readonly string[]): Promise<void> {
  if (!models.includes(event.model)) {
    throw new Error(
      `emit: model must be one of ${models.join(', ')}; got "${event.model}".${didYouMean(event.model, models)}`,
    );
  }
  for (const key of ['tenantId', 'recordId'] as const) {
    const bytes = Buffer.byteLength(event[key]);
    if (bytes === 0 || bytes > MAX_KEY_BYTES)
      throw new Error(`emit: ${key} must have 1 to ${MAX_KEY_BYTES} bytes, got ${bytes}`);
  }
  await tx.query({
    text: `insert into integration_changes (tenant_id, model, record_id, operation, event_type, new, actor, origin, depth)
           select $1, $2, $3, 'emit', $4, $5::json,
             nullif(current_setting('signalbox.actor', true), '')::json,
             nullif(current_setting('signalbox.origin', true), '')::bigint,
             coalesce(nullif(current_setting('signalbox.depth', true), '')::integer, 0)`,
    values: [event.tenantId, event.model, event.recordId, event.eventType, JSON.stringify(event.payload)],
  });
}
