import { expect, test } from 'vitest';
import { onDatabase } from '../../../../tests/kit/databases.ts';
import { type Call, type TestApi, useTestApi } from './test-api.ts';

/** One of everything, all of it marked, so that a leak shows. */
async function fill(call: Call, inbox: string) {
  const make = async (path: string, body: object) => {
    const { status, body: made } = await call('POST', `/api/v1/${path}`, body);
    expect(status, `${path}: ${JSON.stringify(made)}`).toBe(201);
    return made.id as number;
  };
  const customers = await make('customers', { name: 'SECRET customer' });
  const employees = await make('employees', { name: 'SECRET employee' });
  const assets = await make('assets', { name: 'SECRET asset' });
  const locations = await make('locations', { name: 'SECRET location' });
  const statuses = await make('statuses', { name: 'SECRET status' });
  const workItems = await make('work-items', { description: 'SECRET item', customer_id: customers });
  const tasks = await make('tasks', { title: 'SECRET task', work_item_id: workItems });
  const notes = await make('notes', { model: 'work_item', record_id: workItems, body: 'SECRET note' });
  const destination = { name: 'SECRET integration', connector: 'webhook', event_types: ['workitem_created'] };
  const integrations = await make('integrations', { ...destination, url: `${inbox}/SECRET` });
  const hooks = await make('hooks', { url: `${inbox}/SECRET`, event_types: ['task_created'] });
  return {
    customers,
    employees,
    assets,
    locations,
    statuses,
    'work-items': workItems,
    tasks,
    notes,
    integrations,
    hooks,
  } as Record<string, number>;
}

/** The same for every tenant, or about the caller alone. */
const SHARED = new Set(['event-types', 'connectors', 'me']);

onDatabase('postgres', 'tenant isolation', (open) => {
  const use = useTestApi(open);

  test('no route gives, changes or deletes anything of another tenant', async () => {
    const api = use();
    const ours = await api.as('ours-1');
    const theirs = await api.as('theirs-1');
    const ids = await fill(theirs, 'http://127.0.0.1:3999');
    await api.pool.query({
      text: `insert into integration_events (id, sequence, tenant_id, model, record_id, event_type, payload, occurred_at)
             values ('019a5570-3c00-7000-8000-000000000001', 1, $1, 'work_item', '1', 'workitem_created', '{"x":"SECRET"}', now())`,
      values: [String(theirs.tenant.id)],
    });
    await api.pool.query({
      text: `insert into integration_syncs (tenant_id, integration_id, event_id, event_type, model, record_id, status)
             values ($1, $2, '019a5570-3c00-7000-8000-000000000001', 'workitem_created', 'work_item', '1', 'failed')`,
      values: [String(theirs.tenant.id), ids.integrations],
    });
    await api.pool.query({
      text: `insert into integration_attempts (tenant_id, sync_id, integration_id, number, started_at, duration_ms, verdict, calls)
             values ($1, 1, $2, 1, now(), 1, 'retry', '[]')`,
      values: [String(theirs.tenant.id), ids.integrations],
    });
    const before = await snapshot(api.pool);

    const { paths } = (await api.app.inject('/openapi.json')).json();
    const answered: string[] = [];
    for (const [path, operations] of Object.entries<Record<string, unknown>>(paths)) {
      const resource = path.split('/')[3] as string;
      if (SHARED.has(resource)) continue;
      const id = resource === 'events' ? '019a5570-3c00-7000-8000-000000000001' : (ids[resource] ?? 1);
      const url = path.replace('{id}', String(id));
      for (const method of Object.keys(operations)) {
        if (method === 'post' && !path.includes('{id}')) continue;
        const body = method === 'get' || method === 'delete' ? undefined : {};
        const answer = await ours(method.toUpperCase(), url, body);
        const where = `${method} ${url} answered ${answer.status} ${JSON.stringify(answer.body)}`;
        expect(JSON.stringify(answer.body ?? ''), where).not.toContain('SECRET');
        if (path.includes('{id}')) {
          // Unsubscribing is idempotent: it says nothing about whether there was a hook.
          expect(answer.status, where).toBe(method === 'delete' && resource === 'hooks' ? 204 : 404);
        } else {
          expect(answer.status, where).toBe(200);
          if (resource !== 'statuses') expect(answer.body.data, where).toEqual([]);
        }
        answered.push(`${method} ${path}`);
      }
    }
    expect(answered.length).toBeGreaterThan(40);
    expect((await ours('POST', '/api/v1/syncs/retry', {})).body.data.count).toBe(0);
    expect(await snapshot(api.pool)).toEqual(before);
  });

  test('a reference into another tenant is refused, by the API and by the database', async () => {
    const api = use();
    const ours = await api.as('ours-2');
    const theirs = await api.as('theirs-2');
    const ids = await fill(theirs, 'http://127.0.0.1:3999');
    const references: [string, object][] = [
      ['work-items', { description: 'x', customer_id: ids.customers }],
      ['work-items', { description: 'x', owner_id: ids.employees }],
      ['work-items', { description: 'x', technician_id: ids.employees }],
      ['work-items', { description: 'x', customer_asset_id: ids.assets }],
      ['work-items', { description: 'x', dropoff_point_id: ids.locations }],
      ['tasks', { title: 'x', work_item_id: ids['work-items'] }],
      ['tasks', { title: 'x', assignee_id: ids.employees }],
      ['assets', { name: 'x', customer_id: ids.customers }],
      ['notes', { model: 'work_item', record_id: ids['work-items'], body: 'x' }],
    ];
    for (const [path, body] of references) {
      const field = Object.keys(body).find((name) => name.endsWith('_id'));
      const answer = await ours('POST', `/api/v1/${path}`, body);
      expect(answer, JSON.stringify(answer.body)).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: `/${field}` }] },
      });
    }
    const text = 'insert into tasks (tenant_id, title, work_item_id) values ($1, $2, $3)';
    await expect(api.pool.query({ text, values: [ours.tenant.id, 'x', ids['work-items']] })).rejects.toThrow(
      'tasks_work_item_id_fk',
    );
  });

  test('a viewer reads and does not write; without a key nobody does either', async () => {
    const api = use();
    const viewer = await api.as('ours-3', 'viewer');
    expect((await viewer('GET', '/api/v1/customers')).status).toBe(200);
    expect(await viewer('POST', '/api/v1/customers', { name: 'x' })).toMatchObject({ status: 403 });
    for (const authorization of [
      '',
      'Bearer',
      'Basic eDp5',
      'Bearer sbx_000000000000_nope',
      `Bearer ${'x'.repeat(5000)}`,
    ]) {
      const answer = await api.app.inject({ url: '/api/v1/me', headers: { authorization } });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
    await api.apiKeys.revoke(viewer.tenant.id, viewer.key.id);
    expect((await viewer('GET', '/api/v1/me')).status).toBe(401);
  });
});

async function snapshot(pool: TestApi['pool']) {
  const tables = [
    'customers',
    'work_items',
    'tasks',
    'notes',
    'statuses',
    'tenant_integrations',
    'integration_syncs',
  ];
  const counts = tables.map(
    (table) => `select '${table}' as t, json_agg(x order by id)::text as rows from ${table} x`,
  );
  return (await pool.query({ text: counts.join(' union all ') })).rows;
}
