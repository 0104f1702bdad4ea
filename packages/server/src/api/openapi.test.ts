import { beforeAll, expect, test } from 'vitest';
import { onDatabase } from '../../../../tests/kit/databases.ts';
import { problems } from './problems.ts';
import { useTestApi } from './test-api.ts';

onDatabase('postgres', 'OpenAPI', (open) => {
  const api = useTestApi(open);
  // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
  let document: any;

  beforeAll(async () => {
    document = (await api().app.inject('/openapi.json')).json();
  });

  test('the document is 3.1 and has every resource of the contract', () => {
    expect(document.openapi).toBe('3.1.0');
    const paths = Object.keys(document.paths);
    for (const name of ['customers', 'employees', 'assets', 'locations', 'work-items', 'tasks', 'notes']) {
      expect(paths).toContain(`/api/v1/${name}`);
      expect(Object.keys(document.paths[`/api/v1/${name}/{id}`])).toEqual(['get', 'patch', 'delete']);
    }
    for (const action of ['test', 'pause', 'resume', 'rotate-secret']) {
      expect(paths).toContain(`/api/v1/integrations/{id}/${action}`);
    }
    expect(
      document.paths['/api/v1/work-items'].post.requestBody.content['application/json'].schema,
    ).toMatchObject({
      type: 'object',
      required: ['description'],
      additionalProperties: false,
    });
  });

  test('every event type is a webhook with the catalogue’s schema', () => {
    expect(Object.keys(document.webhooks)).toEqual(api().engine.catalogue.eventTypes.map(({ name }) => name));
  });

  test('every problem of the table is in the document and has a page at its type', async () => {
    for (const [code, { status, title }] of Object.entries(problems)) {
      expect(document.info.description).toContain(`| /problems/${code} | ${status} | ${title} |`);
      expect(document.components.schemas.Problem.properties.type.enum).toContain(`/problems/${code}`);
      expect((await api().app.inject(`/problems/${code}`)).json()).toMatchObject({ title, status });
    }
  });

  test('the page for people needs nothing from elsewhere', async () => {
    const page = await api().app.inject('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/(src|href)="https?:/);
  });

  test('every $ref points at something', () => {
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = name!.split('/').reduce((node, key) => node?.[key], document);
      expect(target, name).toBeDefined();
    }
  });
});
