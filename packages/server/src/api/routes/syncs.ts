import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Api, Services } from '../api.ts';
import { idParams, listOf, paging } from '../fields.ts';
import { notFound } from '../problems.ts';
import { shownSync, showSync, syncFilter, syncQuery, toFilter } from './sync-shown.ts';

const tags = ['syncs'];

/** Events on their way to integrations: the audit trail. */
export function syncs(app: Api, { engine }: Services): void {
  app.get(
    '/syncs',
    {
      schema: {
        tags,
        querystring: z.strictObject({ ...paging, ...syncQuery }),
        response: { 200: listOf(shownSync) },
      },
    },
    async (request) => {
      const { limit, cursor, ...query } = request.query;
      const tenantId = String(request.caller.tenant.id);
      const { data, next } = await engine.syncs.list(tenantId, toFilter(query), { limit, cursor });
      return { data: data.map(showSync), page: { next } };
    },
  );

  app.get(
    '/syncs/:id',
    {
      schema: {
        tags,
        params: idParams,
        response: { 200: shownSync.extend({ payload: z.record(z.string(), z.unknown()) }) },
      },
    },
    async (request) => {
      const sync = await engine.syncs.get(String(request.caller.tenant.id), request.params.id);
      if (!sync) throw notFound('such sync');
      return { ...showSync(sync), payload: JSON.parse(sync.payload) as Record<string, unknown> };
    },
  );

  app.post(
    '/syncs/:id/retry',
    {
      schema: {
        tags,
        description: 'Due now, with a new budget of tries; it supersedes a waiting retry.',
        params: idParams,
        body: z.strictObject({}).optional(),
        response: { 200: shownSync },
      },
    },
    async (request) => {
      const sync = await engine.syncs.retry(String(request.caller.tenant.id), request.params.id);
      if (!sync) throw notFound('such sync');
      return showSync(sync);
    },
  );

  app.post(
    '/syncs/retry',
    {
      schema: {
        tags,
        description: 'Retries all that match; without a status: those that failed.',
        body: z.strictObject({ filter: syncFilter.optional() }).optional(),
        response: {
          202: z.object({
            data: z.object({ id: z.uuid(), status: z.literal('completed'), count: z.int() }),
          }),
        },
      },
    },
    async (request, reply) => {
      const filter = toFilter(request.body?.filter ?? {});
      const count = await engine.syncs.retryMatching(String(request.caller.tenant.id), filter);
      return reply.code(202).send({ data: { id: randomUUID(), status: 'completed' as const, count } });
    },
  );
}
