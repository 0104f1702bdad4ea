import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../../tests/kit/test-database.ts';

const expressions = [
  '1::int2',
  '2147483647::int4',
  '9007199254740993::int8',
  '12345678901234567890.123400::numeric',
  `'NaN'::numeric`,
  '1.5::float4',
  '0.1::float8',
  'true',
  `'text with ünïcode, \\backslash and "quotes"'::text`,
  `'padded'::char(10)`,
  'null::text',
  `'\\xdeadbeef00'::bytea`,
  `'2026-02-03'::date`,
  `'2026-02-03 04:05:06.123456'::timestamp`,
  `'2026-02-03 04:05:06.123456+02'::timestamptz`,
  `'infinity'::timestamptz`,
  `'04:05:06.5'::time`,
  `'1 year 2 months 3 days 04:05:06.789'::interval`,
  `'{"b": [1, 2.50, null], "a": "x"}'::json`,
  `'{"b": [1, 2.50, null], "a": "x"}'::jsonb`,
  `'4b4b9e2e-5a52-4bb5-a3c6-0d3a3f0f2f6f'::uuid`,
  `array[1, null, 3]::int[]`,
  `array[array['a', 'b,c'], array['"', '\\']]::text[]`,
  `array['2026-02-03 04:05:06+00']::timestamptz[]`,
  `array['{"a": 1}']::jsonb[]`,
  `'192.168.0.1/24'::cidr`.replace('.1/', '.0/'),
  `'::1'::inet`,
  `'(1,2)'::point`,
  `int4range(1, 5)`,
  `row(1, 'two')`,
  `'$12.34'::money`,
  `'pg_class'::regclass`,
  `''::text`,
];

const values: [string, unknown][] = [
  ['int4', 42],
  ['int8', 9_007_199_254_740_993n],
  ['float8', Number.NaN],
  ['numeric', '0.10'],
  ['bool', false],
  ['text', 'ünïcode\n\t"\\'],
  ['text', null],
  ['timestamptz', new Date('2026-02-03T04:05:06.789Z')],
  ['bytea', Buffer.from([0, 1, 255])],
  ['jsonb', { a: [1, { b: null }] }],
  ['jsonb', JSON.stringify([1, 'two'])],
  ['int4[]', [1, null, 3]],
  ['text[]', ['a', 'b,"c"', null]],
  ['uuid', '4b4b9e2e-5a52-4bb5-a3c6-0d3a3f0f2f6f'],
];

let server: TestDatabase;
let embedded: TestDatabase;
beforeAll(async () => {
  [server, embedded] = await Promise.all([createTestDatabase('postgres'), createTestDatabase('embedded')]);
  await server.pool.query(`set timezone = 'UTC'`);
});
afterAll(async () => {
  await server?.dispose();
  await embedded?.dispose();
});

const ask = async ({ pool }: TestDatabase, text: string, parameters?: unknown[]) => {
  const { rows, fields, command, rowCount } = await pool.query(text, parameters);
  return { rows, command, rowCount, fields: fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })) };
};

test.each(expressions)('%s comes back as from a Postgres server', async (expression) => {
  const text = `select ${expression} as value`;
  expect(await ask(embedded, text)).toEqual(await ask(server, text));
});

test.each(values)('a %s parameter (%s) arrives as on a Postgres server', async (type, value) => {
  const text = `select $1::${type} as value, pg_typeof($1::${type})::text as type, $1::${type}::text as written`;
  expect(await ask(embedded, text, [value])).toEqual(await ask(server, text, [value]));
});

test('errors carry the fields of a Postgres server', async () => {
  const fail = async ({ pool }: TestDatabase) => {
    await pool.query('create table unique_things (id int constraint only_once unique)');
    const error = await pool.query('insert into unique_things values (1), (1)').catch((error) => error);
    const { code, message, detail, table, constraint, schema, severity } = error;
    return { code, message, detail, table, constraint, schema, severity };
  };
  expect(await fail(embedded)).toEqual(await fail(server));
});
