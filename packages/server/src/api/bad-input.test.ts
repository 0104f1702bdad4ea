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
