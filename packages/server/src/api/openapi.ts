import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { Catalogue } from '@signalbox/engine';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { problems } from './problems.ts';

const DESCRIPTION = `Signalbox tells every integration of a tenant when a record changes.

Every request carries \`Authorization: Bearer <API key>\`. Lists answer \`{data, page: {next}}\`; give \`next\` as
\`cursor\` to go on. A POST with an \`Idempotency-Key\` is done once in 24 hours. Errors are
\`application/problem+json\` (RFC 9457); these are all of them:

| type | status | title |
|---|---|---|
${Object.entries(problems)
  .map(([code, { status, title }]) => `| /problems/${code} | ${status} | ${title} |`)
  .join('\n')}`;

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'request_id'],
  properties: {
    type: { type: 'string', enum: Object.keys(problems).map((code) => `/problems/${code}`) },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: {
            type: 'string',
            description: 'A JSON pointer into the body, or the name of a query parameter.',
          },
          detail: { type: 'string' },
        },
      },
    },
  },
};

/** OpenAPI 3.1 from the routes' own schemas, with what receivers get as its webhooks, and a page for people. */
export async function documentApi(
  app: FastifyInstance,
  catalogue: Catalogue,
  version: string,
): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Signalbox', version, description: DESCRIPTION },
      components: {
        securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key: sbx_…' } },
      },
      security: [{ key: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => {
      const { openapiObject } = document as { openapiObject: Record<string, unknown> };
      return complete(openapiObject, catalogue) as never;
    },
  });
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } as object }, async () => app.swagger());
}

/** Adds what routes do not say themselves: webhooks, and that any operation may answer a problem. */
function complete(document: Record<string, unknown>, catalogue: Catalogue): Record<string, unknown> {
  const paths = document.paths as Record<string, Record<string, { responses: Record<string, unknown> }>>;
  const components = document.components as Record<string, object>;
  for (const operations of Object.values(paths)) {
    for (const operation of Object.values(operations)) {
      operation.responses.default = { $ref: '#/components/responses/Problem' };
    }
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return {
    ...document,
    components: {
      ...components,
      schemas: { ...components.schemas, Problem: problemSchema },
      responses: { Problem: { description: 'What went wrong.', content } },
    },
    webhooks: Object.fromEntries(catalogue.eventTypes.map(({ name }) => [name, webhook(catalogue, name)])),
  };
}

function webhook(catalogue: Catalogue, name: string) {
  const { description } = catalogue.find(name)!;
  return {
    post: {
      summary: description,
      security: [],
      requestBody: {
        content: {
          'application/json': {
            schema: catalogue.schema(name),
            example: catalogue.sample(name, { id: 1, name: 'Acme Corp' }),
          },
        },
      },
      responses: { '2xx': { description: 'Received. Any other answer is tried again or explained.' } },
    },
  };
}
