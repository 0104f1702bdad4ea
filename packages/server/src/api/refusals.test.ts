import { beforeAll, expect, test } from 'vitest';
import { onDatabase } from '../../../../tests/kit/databases.ts';
import { type Call, useTestApi } from './test-api.ts';

onDatabase('postgres', 'refusals', (open) => {
  const use = useTestApi(open);
  let call: Call;

  beforeAll(async () => {
    call = await use().as('refused');
  });

  const refusals: [string, string, unknown, number, string, string][] = [
    [
      'POST',
      'customers',
      { name: 'x'.repeat(5000) },
      422,
      '/name',
      'must be at most 200 characters, got 5,000',
    ],
    ['POST', 'customers', { nmae: 'x' }, 422, '/nmae', 'is not a known field. Did you mean "name"?'],
    ['POST', 'customers', { name: 7 }, 422, '/name', 'must be text, got 7'],
    ['POST', 'customers', {}, 422, '/name', 'is required and must be text'],
    ['POST', 'customers', undefined, 422, '', 'is required and must be an object'],
    ['POST', 'customers', { name: ' ' }, 422, '/name', 'must not be blank, got " "'],
    ['POST', 'customers', { name: 'a\u0000b' }, 422, '/name', 'must not contain the NUL character (U+0000)'],
    [
      'POST',
      'work-items',
      { description: 'x', customer_id: 999_999 },
      422,
      '/customer_id',
      'must be the id of an existing record of this tenant',
    ],
    [
      'POST',
      'work-items',
      { description: 'x', estimated_price: '1.234' },
      422,
      '/estimated_price',
      'must be an amount from 0',
    ],
    [
      'POST',
      'work-items',
      { description: 'x', due_date: 'tomorrow' },
      422,
      '/due_date',
      'must be a date-time such as',
    ],
    ['POST', 'statuses', { name: 'New' }, 409, '/name', 'is taken already'],
    [
      'POST',
      'notes',
      { model: 'workitem', record_id: 1, body: 'x' },
      422,
      '/model',
      'Did you mean "work_item"?',
    ],
    [
      'POST',
      'integrations',
      { name: 'x', connector: 'webhook', event_types: ['workitem_craeted'], url: 'https://example.com' },
      422,
      '/event_types/0',
      'Did you mean "workitem_created"?',
    ],
    [
      'POST',
      'integrations',
      { name: 'x', connector: 'webhook', event_types: ['workitem_created'], url: 'not a url' },
      422,
      '/url',
      'URL',
    ],
    [
      'POST',
      'integrations',
      { name: 'x', connector: 'webhok', event_types: ['workitem_created'] },
      422,
      '/connector',
      'webhok',
    ],
    [
      'POST',
      'integrations',
      {
        name: 'x',
        connector: 'webhook',
        event_types: ['workitem_created'],
        url: 'https://example.com',
        retry_policy: { type: 'exponential', base_seconds: 1, factor: 2, cap_seconds: 9, max_attempts: 0 },
      },
      422,
      '/retry_policy/max_attempts',
      'must be at least 1, got 0',
    ],
    [
      'POST',
      'integrations',
      {
        name: 'x',
        connector: 'webhook',
        event_types: ['workitem_created'],
        url: 'https://example.com',
        auth: { type: 'bearer', token: 4711 },
      },
      422,
      '/auth/token',
      'must be text, got a number',
    ],
    ['GET', 'customers?limit=201', undefined, 400, 'limit', 'must be at most 200'],
    ['GET', 'work-items?statsu=New', undefined, 400, 'statsu', 'Did you mean "status"?'],
  ];

  test.for(refusals)(
    '%s %s %j answers %i at %s: %s',
    async ([method, path, body, status, pointer, detail]) => {
      const answer = await call(
        method,
        `/api/v1/${path}`,
        body,
        body === undefined && method === 'POST' ? { 'content-type': 'application/json' } : {},
      );
      expect(answer, JSON.stringify(answer.body)).toMatchObject({ status, body: {} });
      expect(answer.body.errors[0].pointer).toBe(pointer);
      expect(answer.body.errors[0].detail).toContain(detail);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.body.request_id).toBe(answer.headers['x-request-id']);
    },
  );

  test('a body that is no JSON, too large, of another type, or sent to nowhere is refused as such', async () => {
    const malformed = await call('POST', '/api/v1/customers', '{"name": "x",\n "email": }');
    expect(malformed).toMatchObject({ status: 400, body: { type: '/problems/malformed-json' } });
    expect(malformed.body.detail).toContain('unexpected "}" at position 24 (line 2, column 11)');
    expect((await call('POST', '/api/v1/customers', '{"name": "x"')).body.detail).toContain(
      'it ends too early',
    );
    expect((await call('POST', '/api/v1/customers', { name: 'x'.repeat(2 ** 21) })).status).toBe(413);
    const xml = await call('POST', '/api/v1/customers', '<name/>', { 'content-type': 'text/xml' });
    expect(xml).toMatchObject({ status: 415, body: { type: '/problems/unsupported-media-type' } });
    expect((await call('GET', '/api/v1/nothing')).body.type).toBe('/problems/not-found');
    expect((await call('GET', '/api/v1/customers/x')).status).toBe(404);
    const put = await call('PUT', '/api/v1/customers/1', { name: 'x' });
    expect(put).toMatchObject({ status: 405, headers: { allow: expect.stringContaining('PATCH') } });
  });

  test('a body that is nested without end is refused, not followed', async () => {
    const deep = `{"name": ${'['.repeat(500_000)}${']'.repeat(500_000)}}`;
    const { status, body } = await call('POST', '/api/v1/customers', deep);
    expect(status).toBe(422);
    expect(body.errors[0].detail).toBe('must not be nested deeper than 32 levels');
  });
});
