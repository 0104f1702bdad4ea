import { beforeAll, expect, test } from 'vitest';
import { onDatabase } from '../../../../tests/kit/databases.ts';
import { kyselyOn } from '../host/kysely.ts';
import type { Host } from '../host/scope.ts';
import { createApiKeys, TRUSTED_FOR_MS } from './api-keys.ts';
import { createTenants } from './tenants.ts';

onDatabase('postgres', 'API keys', (open) => {
  let pool: Awaited<ReturnType<typeof open>>['pool'];
  let queries = 0;
  let host: Pick<Host, 'acrossTenants'>;
  let tenantId: number;

  beforeAll(async () => {
    pool = (await open()).pool;
    const counted = {
      query: (statement: never) => {
        queries++;
        return pool.query(statement);
      },
    };
    const db = kyselyOn(counted as never);
    host = { acrossTenants: (work) => work(db) };
    tenantId = (await createTenants(host).create({ slug: 'acme', name: 'Acme Corp' })).id;
  });

  test('a key is stored as a hash only, and verifies to its tenant and role', async () => {
    const keys = createApiKeys(host);
    const { text, key } = await keys.create({ tenantId, name: 'CI', role: 'operator' });
    expect(text).toMatch(/^sbx_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const { rows } = await pool.query('select api_keys::text as row from api_keys');
    expect(JSON.stringify(rows)).not.toContain(text.slice(17));
    expect(await keys.verify(text)).toMatchObject({
      tenant: { slug: 'acme', name: 'Acme Corp' },
      key: { name: 'CI', prefix: key.prefix },
      role: 'operator',
    });
    const last = text.at(-1) === 'A' ? 'B' : 'A';
    expect(await keys.verify(text.slice(0, -1) + last)).toBeNull();
    expect(await keys.verify('sbx_')).toBeNull();
    expect((await keys.list(tenantId)).map((listed) => Object.keys(listed))[0]).not.toContain('hash');
  });

  test('a hot key costs no query, and a revocation elsewhere is in force within ten seconds', async () => {
    let now = Date.now();
    const here = createApiKeys(host, () => now);
    const elsewhere = createApiKeys(host);
    const { text, key } = await here.create({ tenantId, name: 'hot', role: 'admin' });
    await here.verify(text);
    const before = queries;
    for (let n = 0; n < 100; n++) await here.verify(text);
    expect(queries).toBe(before);

    await elsewhere.revoke(tenantId, key.id);
    expect(await elsewhere.verify(text)).toBeNull();
    now += TRUSTED_FOR_MS;
    expect(await here.verify(text)).toBeNull();
  });

  test('an expired key is refused from that moment on, and another tenant cannot revoke', async () => {
    let now = Date.now();
    const keys = createApiKeys(host, () => now);
    const expiresAt = new Date(now + 1000);
    const { text, key } = await keys.create({ tenantId, name: 'brief', role: 'admin', expiresAt });
    expect(await keys.verify(text)).not.toBeNull();
    now += 1000;
    expect(await keys.verify(text)).toBeNull();
    expect(await keys.revoke(tenantId + 1, key.id)).toBe(false);
  });
});
