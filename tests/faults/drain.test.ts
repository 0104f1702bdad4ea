import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { createRig } from '../kit/rig.ts';
import { type Arrival, startRecorder } from './arrivals.ts';
import { createFleet } from './fleet.ts';

const RECEIVERS = 5;
const EACH = 280;
const SLOTS = 1_000;
const LATENCY_MS = 6_000;

onDatabase('postgres', 'a worker that gets SIGTERM with 1,000 deliveries in flight', (open) => {
  test('finishes them, exits with 0, and the next one delivers the rest: nothing lost, nothing twice', {
    timeout: 90_000,
  }, async () => {
    const database = await open();
    const rig = await createRig(database);
    const arrivals: Arrival[] = [];
    // One receiver takes at most 256 connections of a worker, so it takes several to have 1,000 at once.
    const receivers = await Promise.all(
      Array.from({ length: RECEIVERS }, () => startRecorder({ arrivals, latencyMs: () => LATENCY_MS })),
    );
    onTestFinished(async () => void (await Promise.all(receivers.map((one) => one.close()))));
    for (const receiver of receivers) {
      const tenant = await rig.tenant();
      await rig.integration(tenant, { url: receiver.url('r'), concurrency: 250 });
      await rig.sql(
        `insert into customers (tenant_id, name, comments) select $1, 'token ' || n, '1' from generate_series(1, $2::int) n`,
        [tenant, EACH],
      );
    }
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'signalbox-faults-'));
    const fleet = await createFleet({ databaseUrl: database.url!, directory, slots: SLOTS, workers: 1 });
    onTestFinished(async () => {
      await fleet.close();
      fs.rmSync(directory, { recursive: true, force: true });
    });
    const [worker] = fleet.of('worker');
    await worker!.start();
    const inFlight = () => receivers.reduce((sum, one) => sum + one.open, 0);
    await vi.waitFor(() => expect(inFlight()).toBe(SLOTS), { timeout: 30_000, interval: 5 });

    expect(await worker!.end('SIGTERM')).toBe(0);
    expect(arrivals.length).toBeGreaterThanOrEqual(SLOTS);
    expect(arrivals.filter((one) => one.answeredAt === null)).toEqual([]);
    const before = arrivals.length;
    expect(before).toBeLessThan(RECEIVERS * EACH);

    await worker!.start();
    await vi.waitFor(() => expect(arrivals.length).toBe(RECEIVERS * EACH), { timeout: 30_000, interval: 20 });
    expect(await worker!.end('SIGTERM')).toBe(0);
    expect(new Set(arrivals.map((one) => one.eventId)).size).toBe(RECEIVERS * EACH);
    expect(arrivals.length).toBe(RECEIVERS * EACH);
  });
});
