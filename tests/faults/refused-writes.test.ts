import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { createRig } from '../kit/rig.ts';

// Found by the full disk: results that the database could not store for the moment were taken for poison
// and given up, so that receivers got the same events every 30 s for as long as the disk was full.

onDatabase('postgres', 'a result that the database cannot store now', (open) => {
  for (const [trouble, code] of [
    ['the disk is full', '53100'],
    ['it is read-only after a failover', '25006'],
    ['its disk has errors', '58030'],
  ]) {
    test(`is kept until it can, and the receiver is not called again: ${trouble}`, async () => {
      const rig = await createRig(await open(), { leaseMs: 300 });
      const tenant = await rig.tenant();
      await rig.integration(tenant, { eventTypes: ['customer_created'] });
      await rig.sql(`create function refuse() returns trigger language plpgsql as $$
        begin raise exception 'not now' using errcode = '${code}'; end $$`);
      await rig.sql(
        'create trigger refuse before insert on integration_attempts for each statement execute function refuse()',
      );
      rig.start();
      await rig.sql(`insert into customers (tenant_id, name) values ($1, 'Ada')`, [tenant]);
      await rig.received('main', 1);
      await sleep(1_500);
      await rig.sql('drop trigger refuse on integration_attempts');
      await rig.idle();
      await sleep(1_500);
      expect(await rig.received('main', 0)).toHaveLength(1);
      expect(await rig.sql('select status, attempts from integration_syncs')).toEqual([
        { status: 'synced', attempts: 1 },
      ]);
    });
  }
});
