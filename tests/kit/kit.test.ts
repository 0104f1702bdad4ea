import { beforeAll, expect, test } from 'vitest';
import { onEveryDatabase } from './databases.ts';
import type { TestDatabase } from './test-database.ts';

onEveryDatabase('test databases', (open, kind) => {
  let shared: TestDatabase;
  beforeAll(async () => {
    shared = await open();
    await shared.pool.query('create table things (id int)');
  });

  test('are of the kind that was asked for', async () => {
    const { rows } = await shared.pool.query('select version()');
    expect(rows[0].version.includes('PGlite')).toBe(kind === 'embedded');
  });

  test('do not see each other', async () => {
    const own = await open();
    const { rows } = await own.pool.query(`select to_regclass('things') as things`);
    expect(rows).toEqual([{ things: null }]);
  });
});
