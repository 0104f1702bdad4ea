import { expect, test } from 'vitest';
import { type Api, createApp } from './kit/app-process.ts';
import { onEveryDatabase } from './kit/databases.ts';
import { createReceiver } from './kit/receiver.ts';

interface Item {
  id: number;
  reference_id: string;
  status: string;
}
interface SyncShown {
  id: number;
  status: string;
  reason: string | null;
  attempts: number;
  next_attempt_at: string | null;
  last_error: string | null;
  external_id: string | null;
}
interface List<T> {
  data: T[];
}

onEveryDatabase('the running program', (open, kind) => {
  test('delivers over REST what the contract says, from key to note', { timeout: 120_000 }, async () => {
    const app = await createApp(kind === 'postgres' ? await open() : null);
    const receiver = await createReceiver();
    await app.start();
    const { id: tenant, api } = await app.tenant('acme');
    const { api: otherApi } = await app.tenant('other');
    const integrate = (as: Api, inbox: string, more: object = {}) =>
      as('POST', '/integrations', {
        name: `To ${inbox}`,
        connector: 'n8n',
        event_types: ['workitem_created', 'workitem_status_changed', 'workitem_updated'],
        url: receiver.url(inbox),
        auth: { type: 'header', name: 'X-API-Key', value: 'a-secret-of-the-receiver' },
        retry_policy: { type: 'schedule', delays_seconds: [0, 3600] },
        ...more,
      });
    const made = await integrate(api, 'main');
    expect(made.status).toBe(201);
    expect(JSON.stringify(made.body)).not.toContain('a-secret-of-the-receiver');
    await integrate(api, 'off', { is_active: false });
    await integrate(otherApi, 'other');

    // the documented payload, key by key
    const customer = (await api('POST', '/customers', { name: 'John Doe', email: 'john@example.com' }))
      .body as Item;
    const owner = (await api('POST', '/employees', { name: 'Jane Smith' })).body as Item;
    const technician = (await api('POST', '/employees', { name: 'Bob Tech' })).body as Item;
    const asset = (await api('POST', '/assets', { name: 'iPhone 13 Pro', customer_id: customer.id }))
      .body as Item;
    const location = (await api('POST', '/locations', { name: 'Main Store' })).body as Item;
    const created = await api('POST', '/work-items', {
      description: 'iPhone screen repair',
      type: 'Chargeable Repair',
      due_date: '2025-11-08T20:30:00Z',
      customer_id: customer.id,
      owner_id: owner.id,
      technician_id: technician.id,
      customer_asset_id: asset.id,
      dropoff_point_id: location.id,
      estimated_price: '150.00',
      comments: 'Customer reported cracked screen',
    });
    expect(created.status).toBe(201);
    const item = created.body as Item;
    expect(item.reference_id).toMatch(/^RMA-\d+$/);
    const [message] = await receiver.received('main', 1);
    expect(message!.headers['x-api-key']).toBe('a-secret-of-the-receiver');
    expect(JSON.parse(message!.body)).toEqual({
      event_type: 'workitem_created',
      timestamp: expect.stringMatching(/Z$/),
      tenant: { id: tenant, name: 'Shop acme' },
      workitem: {
        id: item.id,
        reference_id: item.reference_id,
        description: 'iPhone screen repair',
        status: 'New',
        type: 'Chargeable Repair',
        priority: 'Standard',
        created_date: expect.stringMatching(/Z$/),
        due_date: '2025-11-08T20:30:00Z',
        customer: { id: customer.id, name: 'John Doe', email: 'john@example.com' },
        owner: { id: owner.id, name: 'Jane Smith' },
        technician: { id: technician.id, name: 'Bob Tech' },
        customer_asset: { id: asset.id, name: 'iPhone 13 Pro' },
        estimated_price: '150.00',
        final_price: null,
        dropoff_point: { id: location.id, name: 'Main Store' },
        intake_method: 'walk_in',
        comments: 'Customer reported cracked screen',
      },
      event_id: message!.headers['webhook-id'],
      sequence: expect.any(Number),
      actor: expect.objectContaining({ type: 'api_key', name: 'test' }),
    });

    // a status change, and a save that changes nothing
    expect((await api('PATCH', `/work-items/${item.id}`, { status: 'In Progress' })).status).toBe(200);
    await api('PATCH', `/work-items/${item.id}`, { status: 'In Progress' });
    const changed = (await receiver.received('main', 3)).slice(1).map((one) => JSON.parse(one.body));
    expect(changed.map((event) => [event.event_type, event.changes])).toEqual([
      ['workitem_status_changed', { status: { old: 'New', new: 'In Progress' } }],
      ['workitem_updated', { status: { old: 'New', new: 'In Progress' } }],
    ]);

    // a receiver that fails: tried by the policy, seen, explained, retried by the API and by command
    await receiver.behave('main', { status: 500 });
    await api('PATCH', `/work-items/${item.id}`, { comments: 'one' });
    await receiver.received('main', 5);
    const syncs = async (query: string) =>
      ((await api('GET', `/syncs?model=work_item&record_id=${item.id}&${query}`)).body as List<SyncShown>)
        .data;
    const [waiting] = await until(
      () => syncs('status=pending'),
      (found) => found[0]?.attempts === 2,
    );
    expect(waiting).toMatchObject({ reason: 'retrying', last_error: expect.stringMatching(/500/) });
    expect(Date.parse(waiting!.next_attempt_at!) - Date.now()).toBeGreaterThan(3_500_000);
    const attempts = ((await api('GET', `/attempts?sync_id=${waiting!.id}`)).body as List<object>).data;
    expect(attempts).toHaveLength(2);
    expect(JSON.stringify(attempts)).not.toContain('a-secret-of-the-receiver');
    await receiver.behave('main', { status: 422 });
    expect((await api('POST', `/syncs/${waiting!.id}/retry`)).status).toBe(200);
    const [failed] = await until(
      () => syncs('status=failed'),
      (found) => found.length === 1,
    );
    expect(failed).toMatchObject({ id: waiting!.id, reason: 'rejected' });
    const notes = async () =>
      (
        (await api('GET', `/notes?model=work_item&record_id=${item.id}`)).body as List<{
          body: string;
          author: null;
        }>
      ).data;
    expect((await notes()).filter((note) => note.body.startsWith('✗') && note.author === null)).toHaveLength(
      1,
    );

    await receiver.behave('main', { status: 200, body: { id: 'ext-9' } });
    const retried = await app.command('retry-failed', '--tenant', 'acme', '--json');
    expect(retried).toMatchObject({ code: 0 });
    await until(
      () => syncs('status=failed'),
      (found) => found.length === 0,
    );
    await until(
      () => api('GET', `/syncs/${failed!.id}`).then(({ body }) => body as SyncShown),
      (found) => found.status === 'synced' && found.external_id === 'ext-9',
    );
    expect((await notes()).filter((note) => note.body.startsWith('✓')).length).toBeGreaterThanOrEqual(4);

    for (const inbox of ['off', 'other']) expect(await receiver.received(inbox, 0)).toEqual([]);
    expect((await otherApi('GET', `/syncs/${failed!.id}`)).status).toBe(404);
    expect(((await otherApi('GET', '/events')).body as List<object>).data).toEqual([]);
    expect(await app.end('SIGTERM')).toBe(0);
  });
});

/** Asks again until it is so. */
async function until<T>(ask: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await ask();
    if (isSo(found)) return found;
    if (Date.now() > deadline) throw new Error(`not so after 20 s: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
