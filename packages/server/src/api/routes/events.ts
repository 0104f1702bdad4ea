import type { StoredEvent } from '@signalbox/engine';
import { z } from 'zod';
import type { Api, Services } from '../api.ts';
import { listOf, paging, queryText, shownTime, showRecordId, showTime } from '../fields.ts';
import { notFound } from '../problems.ts';

const tags = ['events'];

const shownEvent = z.object({
  id: z.uuid(),
  sequence: z.int().describe('Rises with every event.'),
  event_type: z.string(),
  model: z.string(),
  record_id: z.union([z.int(), z.string()]),
  payload: z.record(z.string(), z.unknown()).describe('What receivers are sent.'),
  occurred_at: shownTime,
});

/** What happened, whether or not an integration was told. */
export function events(app: Api, { engine }: Services): void {
  app.get(
    '/events',
    {
      schema: {
        tags,
        querystring: z.strictObject({
          ...paging,
          event_type: queryText.optional(),
          model: queryText.optional(),
          record_id: queryText.optional(),
        }),
        response: { 200: listOf(shownEvent) },
      },
    },
    async (request) => {
      const { limit, cursor, event_type, model, record_id } = request.query;
      const filter = { eventType: event_type, model, recordId: record_id };
      const tenantId = String(request.caller.tenant.id);
      const { data, next } = await engine.events.list(tenantId, filter, { limit, cursor });
      return { data: data.map(showEvent), page: { next } };
    },
  );

  app.get(
    '/events/:id',
    { schema: { tags, params: z.object({ id: z.uuid() }), response: { 200: shownEvent } } },
    async (request) => {
      const event = await engine.events.get(String(request.caller.tenant.id), request.params.id);
      if (!event) throw notFound('such event');
      return showEvent(event);
    },
  );
}

function showEvent(event: StoredEvent) {
  return {
    id: event.id,
    sequence: event.sequence,
    event_type: event.eventType,
    model: event.model,
    record_id: showRecordId(event.recordId),
    payload: JSON.parse(event.payload) as Record<string, unknown>,
    occurred_at: showTime(event.occurredAt),
  };
}
