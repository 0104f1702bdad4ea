import { setTimeout as sleep } from 'node:timers/promises';
import { machineSeconds, treeSeconds } from './processor-time.ts';
import type { Postgres, RedisServer } from './servers.ts';

/** One measurement: how long it took, what it cost, and how busy others were meanwhile. */
export interface Sample {
  seconds: number;
  /** CPU seconds; null where they cannot be read. */
  cpu: { sender: number | null; postgres: number | null; redis: number | null };
  /** Cores that processes outside the benchmark used. */
  otherCores: number | null;
}

export interface Meter {
  /** Waits until others leave the machine alone, or `quietMs` have passed; then measures `work`. */
  measure(senders: readonly number[], work: () => Promise<void>): Promise<Sample>;
}

const QUIET_CORES = 0.25;
const LOOK_MS = 300;

export function createMeter(postgres: Postgres, redis: RedisServer | null, quietMs: number): Meter {
  const ours = [process.pid, postgres.pid, redis?.pid ?? null];

  async function untilQuiet(): Promise<void> {
    const deadline = performance.now() + quietMs;
    while (performance.now() < deadline) {
      const before = others();
      await sleep(LOOK_MS);
      const after = others();
      if (before === null || after === null || (after - before) / (LOOK_MS / 1_000) < QUIET_CORES) return;
    }
  }

  function others(): number | null {
    const machine = machineSeconds();
    const own = treeSeconds(ours);
    return machine === null || own === null ? null : machine - own;
  }

  function read(senders: readonly number[]) {
    return {
      others: others(),
      sender: treeSeconds(senders),
      postgres: postgres.pid === null ? null : treeSeconds([postgres.pid]),
      redis: redis?.pid ? treeSeconds([redis.pid]) : null,
    };
  }

  return {
    async measure(senders, work) {
      await untilQuiet();
      const before = read(senders);
      const from = performance.now();
      await work();
      const seconds = (performance.now() - from) / 1_000;
      const after = read(senders);
      const spent = (key: keyof typeof before) =>
        before[key] === null || after[key] === null ? null : Math.max(0, after[key] - before[key]);
      const other = spent('others');
      return {
        seconds,
        cpu: { sender: spent('sender'), postgres: spent('postgres'), redis: spent('redis') },
        otherCores: other === null ? null : other / seconds,
      };
    },
  };
}
