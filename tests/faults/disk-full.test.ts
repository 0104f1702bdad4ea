import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { FAULTS, type Fault } from './faults.ts';
import { runShort } from './short-mode.ts';
import { mountSmallDisk } from './small-disk.ts';

const TABLES = ['integration_changes', 'integration_events', 'integration_syncs', 'integration_attempts'];

onDatabase('postgres', "a disk without room for the engine's tables", () => {
  test('refuses writes instead of losing their events, and all that was committed goes out once there is room', {
    timeout: 120_000,
  }, async () => {
    const disk = mountSmallDisk(16);
    if (disk) onTestFinished(() => disk.unmount());
    const fill: Fault = {
      name: 'disk full, really',
      async inject(_, random) {
        disk!.fill();
        await sleep(random.between(1_000, 1_500));
        disk!.free();
        return { killedWorkers: 0, outage: true };
      },
    };
    const simulated = FAULTS.filter(({ name }) => name.startsWith('disk full'));
    console.log(disk ? 'a full tmpfs' : 'nothing can be mounted here: triggers raise sqlstate 53100');

    const [report] = await runShort({
      rounds: 1,
      database: 'postgres',
      faults: disk ? [fill] : simulated,
      faultsPerRound: 2,
      async onServer(pool) {
        if (!disk) return;
        await pool.query(`create tablespace small location '${disk.directory}'`);
        for (const table of TABLES) await pool.query(`alter table ${table} set tablespace small`);
      },
    });
    expect(report!.refused).toBeGreaterThan(0); // the disk was really full
  });
});
