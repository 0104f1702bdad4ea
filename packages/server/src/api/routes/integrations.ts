import { z } from 'zod';
import type { Api, Services } from '../api.ts';
import { checkEventTypes } from '../event-types.ts';
import { idParams, listOf, paging, queryBoolean, queryText } from '../fields.ts';
import { notFound } from '../problems.ts';
import { shownTest, showTest } from './calls.ts';
import { type IntegrationBody, integrationFields, toInput } from './integration-schema.ts';
import { showIntegration, shownIntegration } from './integration-shown.ts';

const tags = ['integrations'];
const missing = () => notFound('such integration');

const created = shownIntegration.extend({
  secret: z.string().nullable().describe('The signing secret, when one was made. It is shown this once.'),
});

export function integrations(app: Api, { engine }: Services): void {
  const tenantOf = (request: { caller: { tenant: { id: number } } }) => String(request.caller.tenant.id);

  app.get(
    '/integrations',
    {
      schema: {
        tags,
        querystring: z.strictObject({
          ...paging,
          connector: queryText.optional(),
          is_active: queryBoolean.optional(),
        }),
        response: { 200: listOf(shownIntegration) },
      },
    },
    async (request) => {
      const { limit, cursor, connector, is_active } = request.query;
      const filter = {
        ...(connector && { connector }),
        ...(is_active !== undefined && { isActive: is_active }),
      };
      const { data, next } = await engine.integrations.list(tenantOf(request), filter, { limit, cursor });
      return { data: data.map(showIntegration), page: { next } };
    },
  );

  app.get(
    '/integrations/:id',
    { schema: { tags, params: idParams, response: { 200: shownIntegration } } },
    async (request) => {
      const integration = await engine.integrations.get(tenantOf(request), request.params.id);
      if (!integration) throw missing();
      return showIntegration(integration);
    },
  );

  app.post(
    '/integrations',
    { schema: { tags, body: integrationFields.strict(), response: { 201: created } } },
    async (request, reply) => {
      checkEventTypes(engine.catalogue, request.body.event_types);
      const input = toInput(request.body) as Parameters<typeof engine.integrations.create>[1];
      const { integration, generatedSecret } = await engine.integrations.create(tenantOf(request), input);
      reply.code(201).header('location', `/api/v1/integrations/${integration.id}`);
      return { ...showIntegration(integration), secret: generatedSecret };
    },
  );

  app.patch(
    '/integrations/:id',
    {
      schema: {
        tags,
        params: idParams,
        body: integrationFields.partial().strict(),
        response: { 200: shownIntegration },
      },
    },
    async (request) => {
      const body = request.body as Partial<IntegrationBody>;
      checkEventTypes(engine.catalogue, body.event_types);
      const changed = await engine.integrations.update(tenantOf(request), request.params.id, toInput(body));
      if (!changed) throw missing();
      return showIntegration(changed);
    },
  );

  app.delete(
    '/integrations/:id',
    { schema: { tags, params: idParams, response: { 204: z.null().describe('Deleted.') } } },
    async (request, reply) => {
      if (!(await engine.integrations.remove(tenantOf(request), request.params.id))) throw missing();
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/integrations/:id/test',
    {
      schema: {
        tags,
        description: 'Sends a sample event now, the way deliveries go; nothing is queued.',
        params: idParams,
        body: z.strictObject({ event_type: z.string().max(200).optional() }).optional(),
        response: { 200: shownTest },
      },
    },
    async (request) => {
      const eventType = request.body?.event_type;
      if (eventType !== undefined) checkEventTypes(engine.catalogue, [eventType], '/event_type');
      const result = await engine.integrations.test(tenantOf(request), request.params.id, {
        ...(eventType !== undefined && { eventType }),
        tenantName: request.caller.tenant.name,
      });
      if (!result) throw missing();
      return showTest(result);
    },
  );

  app.post(
    '/integrations/:id/pause',
    {
      schema: {
        tags,
        description: 'Nothing is lost: events queue up until it is resumed.',
        params: idParams,
        body: z.strictObject({ reason: z.string().max(1000).optional() }).optional(),
        response: { 200: shownIntegration },
      },
    },
    async (request) => {
      const { id } = request.params;
      const paused = await engine.integrations.pause(tenantOf(request), id, request.body?.reason);
      if (!paused) throw missing();
      return showIntegration(paused);
    },
  );

  app.post(
    '/integrations/:id/resume',
    {
      schema: {
        tags,
        params: idParams,
        body: z.strictObject({}).optional(),
        response: { 200: shownIntegration },
      },
    },
    async (request) => {
      const resumed = await engine.integrations.resume(tenantOf(request), request.params.id);
      if (!resumed) throw missing();
      return showIntegration(resumed);
    },
  );

  app.post(
    '/integrations/:id/rotate-secret',
    {
      schema: {
        tags,
        description: 'A new signing secret; the old one goes on signing too until the overlap has passed.',
        params: idParams,
        body: z
          .strictObject({
            secret: z.string().min(1).max(4096).optional(),
            overlap_seconds: z.number().min(0).max(2_592_000).optional().describe('Default 24 hours.'),
          })
          .optional(),
        response: { 200: created },
      },
    },
    async (request) => {
      const { secret, overlap_seconds } = request.body ?? {};
      const rotated = await engine.integrations.rotateSecret(tenantOf(request), request.params.id, {
        ...(secret !== undefined && { secret }),
        ...(overlap_seconds !== undefined && { overlapMs: Math.round(overlap_seconds * 1000) }),
      });
      if (!rotated) throw missing();
      return { ...showIntegration(rotated.integration), secret: rotated.secret };
    },
  );
}
