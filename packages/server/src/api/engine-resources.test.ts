import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onDatabase } from '../../../../tests/kit/databases.ts';
import { useTestApi } from './test-api.ts';

onDatabase('postgres', 'integrations over REST', (open) => {
  const use = useTestApi(open);
  let status = 200;
  const receiver = createServer((request, response) => {
    request
      .resume()
      .on('end', () =>
        response.writeHead(status, { 'content-type': 'application/json' }).end('{"id":"ext-1"}'),
      );
  });
  let url: string;

  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  afterAll(() => receiver.close());

  test('secrets go in and never come out; what is not given keeps its default', async () => {
    const call = await use().as('secrets');
    const made = await call('POST', '/api/v1/integrations', {
      name: 'Production n8n',
      connector: 'webhook',
      event_types: ['workitem_created'],
      url,
      headers: { 'X-API-Key': 'hush-hush-1234' },
      auth: { type: 'basic', username: 'me', password: 'hush-hush-5678' },
      signing: { type: 'standard-webhooks' },
      retry_policy: { type: 'schedule', delays_seconds: [1.5, 60] },
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    expect(made.body).toMatchObject({
      status: 'active',
      secret: expect.stringMatching(/^whsec_/),
      auth: { type: 'basic', username: 'me', secret: { has_value: true, last_four: '5678' } },
      retry_policy: { type: 'schedule', delays_seconds: [1.5, 60] },
      ordering: 'record',
      notes: 'all',
      health: { consecutive_failures: 0 },
    });
    expect(JSON.stringify(made.body)).not.toContain('hush-hush');
    const one = `/api/v1/integrations/${made.body.id}`;
    const { secret, ...kept } = made.body;
    expect((await call('GET', one)).body).toEqual(kept);

    const changed = await call('PATCH', one, {
      name: 'n8n',
      retry_policy: { preset: 'original' },
      is_active: false,
    });
    expect(changed.body).toMatchObject({
      name: 'n8n',
      status: 'off',
      auth: kept.auth,
      retry_policy: { preset: 'original' },
    });
    await call('PATCH', one, { is_active: true });
    expect((await call('POST', `${one}/pause`, { reason: 'holiday' })).body).toMatchObject({
      status: 'paused',
      pause_reason: 'holiday',
    });
    expect((await call('POST', `${one}/resume`)).body).toMatchObject({ status: 'active', paused_at: null });
    const rotated = await call('POST', `${one}/rotate-secret`, { overlap_seconds: 60 });
    expect(rotated.body.secret).not.toBe(secret);
    expect((await call('POST', `${one}/test`)).body).toMatchObject({
      verdict: 'delivered',
      external_id: 'ext-1',
    });
    expect((await call('DELETE', one)).status).toBe(204);
    expect((await call('GET', one)).status).toBe(404);
  });

  test('a write over REST becomes an event, a sync with its attempt, and a note', async () => {
    const api = use();
    const call = await api.as('flow');
    const hook = await call('POST', '/api/v1/integrations', {
      name: 'Production n8n',
      connector: 'webhook',
      event_types: ['workitem_created', 'workitem_status_changed'],
      url,
      retry_policy: { type: 'schedule', delays_seconds: [] },
    });
    const running = api.engine.start({ worker: { concurrency: 4 } });
    try {
      const item = (
        await call('POST', '/api/v1/work-items', { description: 'iPhone', estimated_price: '150' })
      ).body;
      const list = `/api/v1/syncs?model=work_item&record_id=${item.id}`;
      const done = async (query: string) =>
        expect
          .poll(async () => (await call('GET', `${list}&${query}`)).body.data.length, { timeout: 10_000 })
          .toBe(1);
      await done('status=synced');
      const [sync] = (await call('GET', list)).body.data;
      expect(sync).toMatchObject({
        integration_id: hook.body.id,
        record_id: item.id,
        external_id: 'ext-1',
        attempts: 1,
      });
      const { payload } = (await call('GET', `/api/v1/syncs/${sync.id}`)).body;
      expect(payload).toMatchObject({
        tenant: { id: call.tenant.id, name: 'Shop flow' },
        actor: { type: 'api_key', name: "flow's key" },
        workitem: { id: item.id, estimated_price: '150.00' },
      });
      const attempts = (await call('GET', `/api/v1/attempts?sync_id=${sync.id}`)).body.data;
      expect(attempts).toMatchObject([
        { number: 1, verdict: 'delivered', calls: [{ response: { status: 200 } }] },
      ]);
      expect((await call('GET', `/api/v1/attempts/${attempts[0].id}`)).body).toEqual(attempts[0]);
      const [event] = (await call('GET', `/api/v1/events?model=work_item&record_id=${item.id}`)).body.data;
      expect(event).toMatchObject({ id: sync.event_id, event_type: 'workitem_created' });
      expect((await call('GET', `/api/v1/events/${event.id}`)).body.payload).toEqual(payload);

      status = 500;
      await call('PATCH', `/api/v1/work-items/${item.id}`, { status: 'Ready' });
      await done('status=failed');
      const notes = (await call('GET', `/api/v1/notes?model=work_item&record_id=${item.id}&order=asc`)).body
        .data;
      expect(notes.map(({ body }: { body: string }) => body)).toEqual([
        '✓ Production n8n received workitem_created',
        expect.stringContaining('✗ Production n8n did not receive workitem_status_changed: '),
      ]);
      const hidden = await call('GET', `/api/v1/notes?model=work_item&record_id=${item.id}&is_outcome=false`);
      expect(hidden.body.data).toEqual([]);

      status = 200;
      const filter = { integration_id: hook.body.id, record_id: item.id };
      const retried = await call('POST', '/api/v1/syncs/retry', { filter });
      expect(retried).toMatchObject({ status: 202, body: { data: { count: 1, status: 'completed' } } });
      await expect
        .poll(async () => (await call('GET', `${list}&status=synced`)).body.data.length, { timeout: 10_000 })
        .toBe(2);
      const again = await call('POST', `/api/v1/syncs/${sync.id}/retry`, {});
      expect(again).toMatchObject({ status: 200, body: { id: sync.id, status: 'pending' } });
    } finally {
      status = 200;
      await running.stop();
    }
  });

  test('a change through an integration’s own key carries its origin', async () => {
    const api = use();
    const call = await api.as('echo');
    const body = { name: 'Notion', connector: 'webhook', event_types: ['customer_created'], url };
    const { id } = (await call('POST', '/api/v1/integrations', body)).body;
    const { text } = await api.apiKeys.create({
      tenantId: call.tenant.id,
      name: 'Notion',
      role: 'operator',
      integrationId: id,
    });
    const headers = { authorization: `Bearer ${text}` };
    await api.app.inject({ method: 'POST', url: '/api/v1/customers', headers, payload: { name: 'x' } });
    const { rows } = await api.pool.query({
      text: 'select origin::int, actor from integration_changes where tenant_id = $1',
      values: [String(call.tenant.id)],
    });
    expect(rows).toMatchObject([{ origin: id, actor: { type: 'api_key', name: 'Notion' } }]);
  });

  test('a REST hook client subscribes, finds, changes, tests and unsubscribes its address', async () => {
    const call = await use().as('hooks');
    const made = await call('POST', '/api/v1/hooks', { target_url: url, event: 'task_created' });
    expect(made).toMatchObject({
      status: 201,
      body: {
        url,
        event_types: ['task_created'],
        status: 'active',
        secret: expect.stringMatching(/^whsec_/),
      },
    });
    const one = `/api/v1/hooks/${made.body.id}`;
    expect((await call('GET', `/api/v1/hooks?url=${encodeURIComponent(url)}`)).body.data).toHaveLength(1);
    expect((await call('GET', '/api/v1/hooks?url=http://elsewhere')).body.data).toEqual([]);
    const crowd = { url: `${url}/crowd`, event_types: ['task_created'] };
    const crowdIds: number[] = [];
    for (let n = 0; n < 3; n++) crowdIds.unshift((await call('POST', '/api/v1/hooks', crowd)).body.id);
    const found = await call('GET', `/api/v1/hooks?limit=1&url=${encodeURIComponent(url)}`);
    expect(found.body).toMatchObject({ data: [{ id: made.body.id }], page: { next: null } });
    const crowded = `/api/v1/hooks?limit=2&url=${encodeURIComponent(crowd.url)}`;
    const first = await call('GET', crowded);
    const second = await call('GET', `${crowded}&cursor=${first.body.page.next}`);
    expect([...first.body.data, ...second.body.data].map(({ id }) => id)).toEqual(crowdIds);
    expect(second.body.page.next).toBeNull();
    for (const id of crowdIds) await call('DELETE', `/api/v1/hooks/${id}`);
    expect(
      (await call('PATCH', one, { event_types: ['task_created', 'task_updated'] })).body.event_types,
    ).toHaveLength(2);
    expect((await call('POST', `${one}/test`)).body.verdict).toBe('delivered');
    const own = `whsec_${Buffer.from('a secret of the client, 32 bytes').toString('base64')}`;
    expect(
      (await call('POST', '/api/v1/hooks', { url, event_types: ['task_created'], secret: own })).body.secret,
    ).toBe(own);
    for (const _ of [1, 2]) expect((await call('DELETE', one)).status).toBe(204);
    expect((await call('GET', one)).status).toBe(404);
    expect(await call('POST', '/api/v1/hooks', {})).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/url' }, {}] },
    });
  });

  test('the catalogue has a sample and a schema of every event type, and me says who asks', async () => {
    const call = await use().as('catalogue');
    const { data } = (await call('GET', '/api/v1/event-types')).body;
    for (const { name } of data) {
      const sample = (await call('GET', `/api/v1/event-types/${name}/sample`)).body;
      expect(sample).toMatchObject({
        event_type: name,
        tenant: { id: call.tenant.id, name: 'Shop catalogue' },
      });
      const schema = (await call('GET', `/api/v1/event-types/${name}/schema`)).body;
      expect(Object.keys(sample)).toEqual(expect.arrayContaining(schema.required));
    }
    const typo = await call('GET', '/api/v1/event-types/workitem_creatd/sample');
    expect(typo).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('Did you mean "workitem_created"?') },
    });
    expect((await call('GET', '/api/v1/me')).body).toEqual({
      tenant: { id: call.tenant.id, slug: 'catalogue', name: 'Shop catalogue' },
      key: { name: "catalogue's key", prefix: call.key.prefix },
      role: 'admin',
    });
  });
});
