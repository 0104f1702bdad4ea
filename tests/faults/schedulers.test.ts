import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { createFleet } from './fleet.ts';

onDatabase('postgres', 'two schedulers', (open) => {
  test('one acts; when it is ended or killed, the other takes over within seconds', {
    timeout: 90_000,
  }, async () => {
    const database = await open();
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'signalbox-faults-'));
    const fleet = await createFleet({ databaseUrl: database.url!, directory, slots: 1, schedulers: 2 });
    onTestFinished(async () => {
      await fleet.close();
      fs.rmSync(directory, { recursive: true, force: true });
    });
    const [first, second] = fleet.of('scheduler');
    await first!.start();
    await second!.start();
    const acting = async () => {
      const { rows } = await database.pool.query(
        `select w.pid from integration_leases l join integration_workers w on w.id = l.holder
         where l.name = 'scheduler' and l.leased_until > now()`,
      );
      return fleet.members.find((one) => one.pid === rows[0]?.pid)?.name ?? 'nobody';
    };
    const until = async (name: string, withinMs: number) => {
      await vi.waitFor(async () => expect(await acting()).toBe(name), { timeout: withinMs, interval: 100 });
    };
    await until(first!.name, 10_000);

    // Ended: it gives its lease back, and the other looks every 5 s.
    expect(await first!.end('SIGTERM')).toBe(0);
    await until(second!.name, 10_000);

    // Killed: its lease of 15 s has to run out before the other's next look.
    await first!.start();
    expect(await acting()).toBe(second!.name);
    await second!.end('SIGKILL');
    await until(first!.name, 25_000);
  });
});
