import type { Integration } from '@signalbox/engine';
import { z } from 'zod';
import type { Api, Services } from '../api.ts';
import { checkEventTypes } from '../event-types.ts';
import { idParams, listOf, maximumOf, paging, requiredText, shownTime, showTime } from '../fields.ts';
import { type FieldError, invalidBody, notFound } from '../problems.ts';
import { shownTest, showTest } from './calls.ts';

const tags = ['hooks'];
const CONNECTOR = 'webhook';

const address = z.string().max(4096);
const types = z.array(requiredText(200)).min(1).max(100);

/** Both spellings: ours, and the one that REST hook clients such as Zapier's send. */
const body = z.strictObject({
  url: address.optional(),
  target_url: address.optional(),
  event_types: types.optional(),
  event: requiredText(200).optional(),
  name: requiredText(maximumOf.name).optional(),
  secret: z.string().min(1).max(4096).optional().describe('Default: one is made.'),
});

const changes = z.strictObject({
  url: address.optional(),
  event_types: types.optional(),
  is_active: z.boolean().optional(),
});

const shownHook = z.object({
  id: z.int(),
  name: z.string(),
  url: z.string().nullable(),
  event_types: z.array(z.string()),
  is_active: z.boolean(),
  status: z.enum(['active', 'paused', 'off']),
  created_at: shownTime,
});

/** REST hooks: a client subscribes and unsubscribes an address by itself. Each is a webhook integration. */
export function hooks(app: Api, { engine }: Services): void {
  const { integrations, catalogue } = engine;
  const missing = () => notFound('such hook');

  async function find(tenantId: string, id: number): Promise<Integration | null> {
    const integration = await integrations.get(tenantId, id);
    return integration?.connector === CONNECTOR ? integration : null;
  }

  app.post(
    '/hooks',
    {
      schema: {
        tags,
        body,
        response: { 201: shownHook.extend({ secret: z.string().nullable().describe('Shown this once.') }) },
      },
    },
    async (request, reply) => {
      const { url, target_url, event_types, event, name, secret } = request.body;
      const target = url ?? target_url;
      const eventTypes = event_types ?? (event === undefined ? undefined : [event]);
      const errors: FieldError[] = [];
      if (target === undefined) errors.push({ pointer: '/url', detail: 'is required and must be text' });
      if (!eventTypes) errors.push({ pointer: '/event_types', detail: 'is required and must be a list' });
      if (target === undefined || !eventTypes) throw invalidBody(errors);
      checkEventTypes(catalogue, eventTypes, event_types ? '/event_types' : '/event');
      const { integration, generatedSecret } = await integrations.create(String(request.caller.tenant.id), {
        name: name ?? nameFor(target),
        connector: CONNECTOR,
        eventTypes: [...new Set(eventTypes)],
        url: target,
        signing: { type: 'standard-webhooks', ...(secret !== undefined && { secret }) },
      });
      reply.code(201).header('location', `/api/v1/hooks/${integration.id}`);
      return { ...showHook(integration), secret: generatedSecret ?? secret ?? null };
    },
  );

  app.get(
    '/hooks',
    {
      schema: {
        tags,
        querystring: z.strictObject({ ...paging, url: address.optional() }),
        response: { 200: listOf(shownHook) },
      },
    },
    async (request) => {
      const { limit, cursor, url } = request.query;
      const { data, next } = await integrations.list(
        String(request.caller.tenant.id),
        { connector: CONNECTOR, url },
        { limit, cursor },
      );
      return { data: data.map(showHook), page: { next } };
    },
  );

  app.get(
    '/hooks/:id',
    { schema: { tags, params: idParams, response: { 200: shownHook } } },
    async (request) => {
      const hook = await find(String(request.caller.tenant.id), request.params.id);
      if (!hook) throw missing();
      return showHook(hook);
    },
  );

  app.patch(
    '/hooks/:id',
    { schema: { tags, params: idParams, body: changes, response: { 200: shownHook } } },
    async (request) => {
      const tenantId = String(request.caller.tenant.id);
      const { url, event_types, is_active } = request.body;
      if (!(await find(tenantId, request.params.id))) throw missing();
      checkEventTypes(catalogue, event_types);
      const changed = await integrations.update(tenantId, request.params.id, {
        ...(url !== undefined && { url }),
        ...(event_types && { eventTypes: [...new Set(event_types)] }),
        ...(is_active !== undefined && { isActive: is_active }),
      });
      if (!changed) throw missing();
      return showHook(changed);
    },
  );

  app.delete(
    '/hooks/:id',
    {
      schema: {
        tags,
        description: 'Also when it is gone already, so that a client may repeat it.',
        params: idParams,
        response: { 204: z.null().describe('Deleted.') },
      },
    },
    async (request, reply) => {
      const tenantId = String(request.caller.tenant.id);
      const hook = await find(tenantId, request.params.id);
      if (hook) await integrations.remove(tenantId, hook.id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/hooks/:id/test',
    { schema: { tags, params: idParams, body: z.strictObject({}).optional(), response: { 200: shownTest } } },
    async (request) => {
      const { id, name } = request.caller.tenant;
      const hook = await find(String(id), request.params.id);
      const result = hook && (await integrations.test(String(id), hook.id, { tenantName: name }));
      if (!result) throw missing();
      return showTest(result);
    },
  );
}

function nameFor(url: string): string {
  const host = URL.canParse(url) ? new URL(url).host : '';
  return `Hook ${host}`.trim().slice(0, maximumOf.name);
}

function showHook({ id, name, url, eventTypes, isActive, pausedAt, createdAt }: Integration) {
  const status = !isActive ? ('off' as const) : pausedAt ? ('paused' as const) : ('active' as const);
  return {
    id,
    name,
    url,
    event_types: eventTypes,
    is_active: isActive,
    status,
    created_at: showTime(createdAt),
  };
}
