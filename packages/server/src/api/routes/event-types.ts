import type { EventType } from '@signalbox/engine';
import { didYouMean } from '@signalbox/engine';
import { z } from 'zod';
import type { Api, Services } from '../api.ts';
import { listOf } from '../fields.ts';
import { notFound } from '../problems.ts';

const tags = ['event-types'];

const shownType = z.object({
  name: z.string(),
  model: z.string(),
  label: z.string(),
  description: z.string(),
  on: z.enum(['create', 'update']),
});

const params = z.object({ type: z.string().max(200) });
const json = z.record(z.string(), z.unknown());

/** The catalogue: everything that an integration can subscribe to. */
export function eventTypes(app: Api, { engine: { catalogue } }: Services): void {
  app.get(
    '/event-types',
    { schema: { tags, querystring: z.strictObject({}), response: { 200: listOf(shownType) } } },
    async () => ({ data: catalogue.eventTypes.map(showType), page: { next: null } }),
  );

  app.get('/event-types/:type', { schema: { tags, params, response: { 200: shownType } } }, async (request) =>
    showType(find(request.params.type)),
  );

  app.get(
    '/event-types/:type/sample',
    {
      schema: { tags, params, description: 'A payload as a receiver would get it.', response: { 200: json } },
    },
    async (request) => {
      const { id, name } = request.caller.tenant;
      return catalogue.sample(find(request.params.type).name, { id, name });
    },
  );

  app.get(
    '/event-types/:type/schema',
    {
      schema: { tags, params, description: 'JSON Schema (2020-12) of the payload.', response: { 200: json } },
    },
    async (request) => catalogue.schema(find(request.params.type).name),
  );

  function find(name: string): EventType {
    const type = catalogue.find(name);
    if (type) return type;
    const known = catalogue.eventTypes.map((each) => each.name);
    throw notFound(`event type "${name}".${didYouMean(name, known)}`.replace(/[.]+$/, ''));
  }
}

function showType({ name, model, label, description, on }: EventType) {
  return { name, model, label, description, on };
}
