import { beforeAll, expect, test } from 'vitest';
import { onDatabase } from '../../../../tests/kit/databases.ts';
import { type Call, type TestApi, useTestApi } from './test-api.ts';

/** Values that break something somewhere. None of them may be our fault. */
const NAUGHTY: unknown[] = [
  null,
  '',
  ' ',
  'x'.repeat(20_001),
  'nul\u0000byte',
  '\ud800',
  '𝒳'.repeat(150),
  "'; drop table tenants; --",
  "{{constructor.constructor('x')()}}",
  '__proto__',
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  1e19,
  99_999_999_999,
  true,
  [],
  [null],
  {},
  { type: 'none' },
  { toString: 'x' },
  '2025-13-45',
  '0000-01-01T00:00:00Z',
  'infinity',
  'NaN',
  JSON.parse('{"__proto__": {"admin": true}}'),
  JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`),
];

onDatabase('postgres', 'bad input', (open) => {
  const use = useTestApi(open);
  let api: TestApi;
  let call: Call;
  // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
  let paths: Record<string, any>;

  beforeAll(async () => {
    api = use();
    call = await api.as('naughty');
    paths = (await api.app.inject('/openapi.json')).json().paths;
  });

  test('no value in any field of any body makes a 5xx, and a refused write stores nothing', {
    timeout: 90_000,
  }, async () => {
    let sent = 0;
    for (const [path, operations] of Object.entries(paths)) {
      for (const method of ['post', 'patch']) {
        const schema = operations[method]?.requestBody?.content['application/json'].schema;
        if (!schema) continue;
        const url = path.replace('{id}', '1');
        const fields = schema.properties ?? schema.anyOf?.[0]?.properties ?? {};
        for (const value of [...NAUGHTY, undefined]) await send(method, url, value);
        for (const field of [...Object.keys(fields), 'no_such_field']) {
          for (const value of NAUGHTY) await send(method, url, { ...valid(schema, fields), [field]: value });
        }
      }
    }
    expect(sent).toBeGreaterThan(1500);

    async function send(method: string, url: string, body: unknown) {
      sent++;
      const before = await rows(api);
      const { status, body: answer } = await call(method.toUpperCase(), url, body);
      const what = `${method} ${url} ${JSON.stringify(body)?.slice(0, 200)} → ${status} ${JSON.stringify(answer)}`;
      expect(status, what).toBeLessThan(500);
      if (status < 400) return;
      expect(await rows(api), what).toBe(before);
      if (status === 422) expect(answer.errors.length, what).toBeGreaterThan(0);
    }
  });

  test('no query parameter and no id makes a 5xx', { timeout: 60_000 }, async () => {
    const texts = [
      '',
      '%00',
      '%ED%A0%80',
      'x'.repeat(3000),
      '-1',
      '1e400',
      '99999999999999999999',
      "'",
      '[]',
      'null',
      '%',
    ];
    for (const [path, { get }] of Object.entries(paths)) {
      if (!get) continue;
      for (const text of texts) {
        const urls = (get.parameters ?? [])
          .filter((parameter: { in: string }) => parameter.in === 'query')
          .map(({ name }: { name: string }) => `${path}?${encodeURIComponent(name)}=${text}`);
        for (const url of [...urls, `${path}?no_such=${text}`, path]) {
          const real = url.replace(/\{\w+\}/, text || 'x');
          const { status, body } = await call('GET', real);
          expect(status, `GET ${real} → ${JSON.stringify(body)}`).toBeLessThan(500);
        }
      }
    }
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
});

/** The least that a create takes, so that only the field in question is wrong. */
function valid(
  schema: { required?: string[] },
  fields: Record<string, { type?: string }>,
): Record<string, unknown> {
  const known: Record<string, unknown> = {
    connector: 'webhook',
    event_types: ['workitem_created'],
    model: 'customer',
    record_id: 1,
    url: 'https://example.com/hook',
  };
  const required = schema.required ?? [];
  const names =
    'connector' in fields || 'target_url' in fields ? [...required, 'url', 'event_types'] : required;
  return Object.fromEntries(names.map((name) => [name, known[name] ?? 'ok']));
}

async function rows({ pool }: TestApi): Promise<string> {
  const tables = [
    'customers',
    'employees',
    'assets',
    'locations',
    'statuses',
    'work_items',
    'tasks',
    'notes',
    'tenant_integrations',
  ];
  const counts = tables.map((table) => `(select count(*) from ${table})`).join(` || ' ' || `);
  const { rows } = await pool.query<{ counts: string }>({
    name: 'count_rows',
    text: `select ${counts} as counts`,
  });
  return rows[0]!.counts;
}
