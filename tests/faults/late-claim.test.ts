import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '@signalbox/engine';
import { expect, test } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { createRig } from '../kit/rig.ts';

// Looked for after a worker that was frozen beyond its lease had delivered an old version after a new one.

onDatabase('postgres', 'a claim whose answer comes after its lease has run out', (open) => {
  test('is not delivered by the worker that got it: another one has done so', async () => {
    const database = await open();
    const pool = database.pool as unknown as Pool;
    let held = 0;
    const query = pool.query.bind(pool);
    const slow: Pool = {
      connect: () => pool.connect(),
      async query(statement) {
        const answer = await query(statement);
        if (statement.name === 'signalbox_claim' && answer.rows.length > 0 && held++ === 0)
          await sleep(1_500);
        return answer as never;
      },
    };
    // Both workers have the slow pool; the first answer with something in it is held back.
    const rig = await createRig(database, { pool: slow, leaseMs: 400 });
    const tenant = await rig.tenant();
    await rig.integration(tenant, { eventTypes: ['customer_created', 'customer_updated'] });
    for (let n = 0; n < 2; n++) rig.start({ worker: { concurrency: 4 } });
    const [customer] = await rig.sql<{ id: string }>(
      `insert into customers (tenant_id, name) values ($1, 'first') returning id`,
      [tenant],
    );
    await rig.received('main', 1);
    await rig.sql(`update customers set name = 'second' where id = $1`, [customer!.id]);
    await rig.received('main', 2);
    await sleep(2_000);
    const names = (await rig.received('main', 0)).map(
      (message) => (JSON.parse(message.body) as { customer: { name: string } }).customer.name,
    );
    expect(names).toEqual(['first', 'second']);
  });
});
