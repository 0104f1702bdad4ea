import { z } from 'zod';
import type { Api, Services } from '../api.ts';
import { listOf } from '../fields.ts';

const shownConnector = z.object({
  name: z.string(),
  label: z.string(),
  description: z.string(),
  fields: z.array(
    z.object({
      name: z.string().describe('A path in the integration, such as settings.channel.'),
      label: z.string(),
      help: z.string(),
      type: z.enum(['url', 'text', 'secret', 'select', 'boolean', 'number', 'json']),
      required: z.boolean().optional(),
      options: z.array(z.object({ value: z.string(), label: z.string() })).optional(),
      placeholder: z.string().optional(),
    }),
  ),
});

/** What an integration can be connected with, and what each connector needs: forms are made of it. */
export function connectors(app: Api, { engine }: Services): void {
  app.get(
    '/connectors',
    {
      schema: {
        tags: ['connectors'],
        querystring: z.strictObject({}),
        response: { 200: listOf(shownConnector) },
      },
    },
    async () => ({
      data: engine.connectors.map(({ name, label, description, fields }) => ({
        name,
        label,
        description,
        fields,
      })),
      page: { next: null },
    }),
  );
}
