import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { recordUse } from '../kit/uses.ts';
import { FAULTS, type Fault } from './faults.ts';
import { newSeed } from './random.ts';
import { runRounds } from './rounds.ts';
import { mountSmallDisk } from './small-disk.ts';
import { heading, line } from './table.ts';

const seed = Number(process.env.CHAOS_SEED ?? newSeed());
const TABLES = ['integration_changes', 'integration_events', 'integration_syncs', 'integration_attempts'];

onDatabase('postgres', "a disk without room for the engine's tables", () => {
  test('refuses writes instead of losing their events, and all that was committed goes out once there is room', {
    timeout: 120_000,
  }, async () => {
    recordUse(inject('signalboxRun').directory, 'postgres');
    const disk = mountSmallDisk(16);
    if (disk) onTestFinished(() => disk.unmount());
    let refused = 0;
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

    const reports = await runRounds({
      seed,
      rounds: 1,
      database: 'postgres',
      faults: disk ? [fill] : simulated,
      faultsPerRound: 2,
      async onServer(pool) {
        if (!disk) return;
        await pool.query(`create tablespace small location '${disk.directory}'`);
        for (const table of TABLES) await pool.query(`alter table ${table} set tablespace small`);
      },
      onRound: (report) => {
        refused += report.refused;
      },
    });
    console.log([`CHAOS_SEED=${seed}`, heading(), ...reports.map(line)].join('\n'));
    expect(reports.flatMap((report) => report.problems)).toEqual([]);
    expect(reports.every((report) => report.ok)).toBe(true);
    expect(refused).toBeGreaterThan(0); // the disk was really full
  });
});
