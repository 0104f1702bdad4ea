import type { Attempt } from '@signalbox/engine';
import { z } from 'zod';
import type { Api, Services } from '../api.ts';
import { idParams, listOf, paging, queryId, shownTime, showTime } from '../fields.ts';
import { notFound } from '../problems.ts';
import { showCall, shownCall } from './calls.ts';

const tags = ['attempts'];

const verdict = z.enum(['delivered', 'retry', 'rejected', 'unauthorized', 'gone', 'held', 'ambiguous']);

const shownAttempt = z.object({
  id: z.int(),
  sync_id: z.int(),
  integration_id: z.int(),
  number: z.int().describe('1 for the first try of its sync.'),
  started_at: shownTime,
  duration_ms: z.number(),
  verdict,
  explanation: z.string().nullable(),
  calls: z.array(shownCall),
});

/** The request log: every try with request, response and timing. */
export function attempts(app: Api, { engine }: Services): void {
  app.get(
    '/attempts',
    {
      schema: {
        tags,
        querystring: z.strictObject({
          ...paging,
          sync_id: queryId.optional(),
          integration_id: queryId.optional(),
          verdict: verdict.optional(),
        }),
        response: { 200: listOf(shownAttempt) },
      },
    },
    async (request) => {
      const { limit, cursor, sync_id, integration_id, verdict } = request.query;
      const filter = { syncId: sync_id, integrationId: integration_id, verdict };
      const tenantId = String(request.caller.tenant.id);
      const { data, next } = await engine.attempts.list(tenantId, filter, { limit, cursor });
      return { data: data.map(showAttempt), page: { next } };
    },
  );

  app.get(
    '/attempts/:id',
    { schema: { tags, params: idParams, response: { 200: shownAttempt } } },
    async (request) => {
      const attempt = await engine.attempts.get(String(request.caller.tenant.id), request.params.id);
      if (!attempt) throw notFound('such attempt');
      return showAttempt(attempt);
    },
  );
}

function showAttempt(attempt: Attempt) {
  return {
    id: attempt.id,
    sync_id: attempt.syncId,
    integration_id: attempt.integrationId,
    number: attempt.number,
    started_at: showTime(attempt.startedAt),
    duration_ms: attempt.durationMs,
    verdict: attempt.verdict,
    explanation: attempt.explanation,
    calls: attempt.calls.map(showCall),
  };
}
