import type { Sync, SyncFilter } from '@signalbox/engine';
import { z } from 'zod';
import { dateTime, queryId, queryText, shownTime, showRecordId, showTime } from '../fields.ts';

export const shownSync = z.object({
  id: z.int(),
  event_id: z.string(),
  integration_id: z.int(),
  event_type: z.string(),
  model: z.string(),
  record_id: z.union([z.int(), z.string()]),
  status: z.enum(['pending', 'synced', 'failed', 'cancelled']),
  reason: z.string().nullable().describe('Why it is in that status, as a code; null while simply queued.'),
  reason_text: z.string().nullable().describe('The same as a sentence.'),
  attempts: z.int(),
  next_attempt_at: shownTime.nullable(),
  last_error: z.string().nullable(),
  external_id: z.string().nullable().describe('What the receiver called it.'),
  created_at: shownTime,
  synced_at: shownTime.nullable(),
});

export function showSync(sync: Sync) {
  return {
    id: sync.id,
    event_id: sync.eventId,
    integration_id: sync.integrationId,
    event_type: sync.eventType,
    model: sync.model,
    record_id: showRecordId(sync.recordId),
    status: sync.status,
    reason: sync.reason,
    reason_text: sync.reasonText,
    attempts: sync.attempts,
    next_attempt_at: showTime(sync.nextAttemptAt),
    last_error: sync.lastError,
    external_id: sync.externalId,
    created_at: showTime(sync.createdAt),
    synced_at: showTime(sync.syncedAt),
  };
}

const status = z.enum(['pending', 'synced', 'failed', 'cancelled']);

/** The same names in the query of a list and in the filter of a bulk retry. */
export const syncQuery = {
  status: status.optional(),
  reason: queryText.optional(),
  integration_id: queryId.optional(),
  event_id: z.uuid().optional(),
  event_type: queryText.optional(),
  model: queryText.optional(),
  record_id: queryText.optional(),
  'created_at[gte]': dateTime.optional(),
  'created_at[lt]': dateTime.optional(),
};

export const syncFilter = z.strictObject({
  ...syncQuery,
  integration_id: z.int().min(1).optional(),
  record_id: z
    .union([z.int().min(1), queryText])
    .transform(String)
    .optional(),
});

export function toFilter(
  query: {
    [Name in keyof typeof syncQuery]?: z.output<(typeof syncQuery)[Name]>;
  },
): SyncFilter {
  const filter: SyncFilter = {
    status: query.status,
    reason: query.reason,
    integrationId: query.integration_id,
    eventId: query.event_id,
    eventType: query.event_type,
    model: query.model,
    recordId: query.record_id,
    createdAfter: query['created_at[gte]'],
    createdBefore: query['created_at[lt]'],
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
