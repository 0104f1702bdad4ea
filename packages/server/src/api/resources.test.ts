import { expect, test } from 'vitest';
import { onEveryDatabase } from '../../../../tests/kit/databases.ts';
import { useTestApi } from './test-api.ts';

onEveryDatabase('REST resources', (open) => {
  const api = useTestApi(open);

  test('a work item comes back with its references, its money as text and a reference id', async () => {
    const call = await api().as('shop-1');
    const customer = await call('POST', '/api/v1/customers', { name: 'John Doe', email: 'john@example.com' });
    const bob = await call('POST', '/api/v1/employees', { name: 'Bob Tech' });
    const asset = await call('POST', '/api/v1/assets', {
      name: 'iPhone 13 Pro',
      customer_id: customer.body.id,
    });
    const place = await call('POST', '/api/v1/locations', { name: 'Main Store' });
    const made = await call('POST', '/api/v1/work-items', {
      description: 'iPhone screen repair',
      due_date: '2025-11-08T21:30:00+01:00',
      customer_id: customer.body.id,
      technician_id: bob.body.id,
      customer_asset_id: asset.body.id,
      dropoff_point_id: place.body.id,
      estimated_price: 150,
    });

    expect(made).toMatchObject({
      status: 201,
      headers: { location: `/api/v1/work-items/${made.body.id}` },
      body: {
        reference_id: 'RMA-1',
        status: 'New',
        type: 'Chargeable Repair',
        priority: 'Standard',
        due_date: '2025-11-08T20:30:00Z',
        customer: { id: customer.body.id, name: 'John Doe', email: 'john@example.com' },
        owner: null,
        technician: { id: bob.body.id, name: 'Bob Tech' },
        customer_asset: { name: 'iPhone 13 Pro' },
        dropoff_point: { name: 'Main Store' },
        estimated_price: '150.00',
        final_price: null,
        intake_method: 'walk_in',
      },
    });
    const read = await call('GET', `/api/v1/work-items/${made.body.id}`);
    expect(read.body).toEqual(made.body);
    const listed = await call('GET', `/api/v1/work-items?customer_id=${customer.body.id}`);
    expect(listed.body).toEqual({ data: [made.body], page: { next: null } });
  });

  test('entering a closed status sets closed_date, leaving it clears it, and an unlisted status is offered', async () => {
    const call = await api().as('shop-2');
    const { id } = (await call('POST', '/api/v1/work-items', { description: 'x' })).body;
    const closed = await call('PATCH', `/api/v1/work-items/${id}`, { status: 'Completed' });
    expect(closed.body.closed_date).toMatch(/Z$/);
    const open_ = await call('PATCH', `/api/v1/work-items/${id}`, { status: 'On the moon' });
    expect(open_.body).toMatchObject({ status: 'On the moon', closed_date: null });
    const statuses = await call('GET', '/api/v1/statuses?order=asc');
    expect(statuses.body.data.map((status: { name: string }) => status.name)).toEqual([
      'New',
      'In Progress',
      'Waiting for Parts',
      'Ready',
      'Completed',
      'Cancelled',
      'On the moon',
    ]);
  });

  test('a record that others refer to is not deleted, and the answer says what refers to it', async () => {
    const call = await api().as('shop-3');
    const customer = (await call('POST', '/api/v1/customers', { name: 'John' })).body;
    const item = (await call('POST', '/api/v1/work-items', { description: 'x', customer_id: customer.id }))
      .body;
    const note = { model: 'work_item', record_id: item.id, body: 'Called him' };
    expect((await call('POST', '/api/v1/notes', note)).status).toBe(201);

    const refused = await call('DELETE', `/api/v1/customers/${customer.id}`);
    expect(refused).toMatchObject({ status: 409, body: { type: '/problems/still-referenced' } });
    expect(refused.body.detail).toContain('work items refer to it (customer_id)');
    expect(await call('DELETE', `/api/v1/work-items/${item.id}`)).toMatchObject({ status: 204, body: null });
    expect((await call('GET', '/api/v1/notes')).body.data).toEqual([]);
    expect((await call('DELETE', `/api/v1/customers/${customer.id}`)).status).toBe(204);
    expect((await call('DELETE', `/api/v1/customers/${customer.id}`)).status).toBe(404);
  });

  test('If-Match refuses a change on top of somebody else’s', async () => {
    const call = await api().as('shop-4');
    const made = await call('POST', '/api/v1/customers', { name: 'John' });
    const url = `/api/v1/customers/${made.body.id}`;
    const first = { 'if-match': made.headers.etag as string };
    expect((await call('PATCH', url, { name: 'Jon' }, first)).status).toBe(200);
    expect(await call('PATCH', url, { name: 'Jim' }, first)).toMatchObject({ status: 412 });
    expect((await call('GET', url)).body.name).toBe('Jon');
  });

  test('a POST with an Idempotency-Key is done once', async () => {
    const call = await api().as('shop-5');
    const key = { 'idempotency-key': 'one' };
    const first = await call('POST', '/api/v1/customers', { name: 'John' }, key);
    const again = await call('POST', '/api/v1/customers', { name: 'John' }, key);
    expect(again).toMatchObject({
      status: 201,
      body: first.body,
      headers: { 'idempotency-replayed': 'true' },
    });
    const other = await call('POST', '/api/v1/customers', { name: 'Jim' }, key);
    expect(other).toMatchObject({ status: 422, body: { type: '/problems/idempotency-key-reused' } });
    expect((await call('GET', '/api/v1/customers')).body.data).toHaveLength(1);

    const failed = { 'idempotency-key': 'two' };
    expect((await call('POST', '/api/v1/assets', { name: 'x', customer_id: 99_999 }, failed)).status).toBe(
      422,
    );
    expect((await call('POST', '/api/v1/assets', { name: 'x' }, failed)).status).toBe(201);

    const storm = await Promise.all(
      Array.from({ length: 10 }, () =>
        call('POST', '/api/v1/customers', { name: 'Storm' }, { 'idempotency-key': 'three' }),
      ),
    );
    expect(storm.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect((await call('GET', '/api/v1/customers?name=Storm')).body.data).toHaveLength(1);
  });
});
