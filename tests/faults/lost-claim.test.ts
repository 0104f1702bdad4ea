import type { Pool } from '@signalbox/engine';
import { expect, test } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { createRig } from '../kit/rig.ts';

onDatabase('postgres', 'a claim whose answer is lost with its connection', (open) => {
  test('is given back by the worker that made it, and does not wait for its lease of 30 s', async () => {
    const database = await open();
    const pool = database.pool as unknown as Pool;
    let lost = 0;
    const query = pool.query.bind(pool);
    const forgetful: Pool = {
      connect: () => pool.connect(),
      async query(statement) {
        const answer = await query(statement);
        if (statement.name !== 'signalbox_claim' || answer.rows.length === 0 || lost++ > 0)
          return answer as never;
        throw new Error('Connection terminated unexpectedly');
      },
    };
    const rig = await createRig(database, { pool: forgetful });
    const tenant = await rig.tenant();
    await rig.integration(tenant, { eventTypes: ['customer_created'] });
    rig.start();
    await rig.sql(`insert into customers (tenant_id, name) values ($1, 'Ada')`, [tenant]);
    await rig.received('main', 1);
    expect(lost).toBeGreaterThan(0);
  });
});
