import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresServer } from '../kit/postgres-server.ts';
import type { Injury } from './check.ts';
import type { Fleet, Member } from './fleet.ts';
import type { Random } from './random.ts';

/** What faults are done to. `server` is null on the embedded database. */
export interface World {
  fleet: Fleet;
  server: PostgresServer | null;
  /** A statement on the run's database, as nobody of the program. */
  sql(text: string): Promise<void>;
  /** What went wrong that is no delivery, such as an exit code. */
  complain(problem: string): void;
}

export interface Fault {
  name: string;
  /** Takes longer than CI has. */
  isSlow?: boolean;
  /** Does it, and repairs it. Resolves when the system is whole again, or soon will be by itself. */
  inject(world: World, random: Random): Promise<Omit<Injury, 'name' | 'from' | 'until'>>;
}

const HARMLESS = { killedWorkers: 0, outage: false };

export const FAULTS: readonly Fault[] = [
  {
    name: 'kill a worker',
    async inject({ fleet }, random) {
      await replace(random.pick(fleet.of('worker')));
      return { killedWorkers: 1, outage: false };
    },
  },
  {
    name: 'kill a worker, leave it dead a while',
    async inject({ fleet }, random) {
      const victim = random.pick(fleet.of('worker'));
      await victim.end('SIGKILL');
      await sleep(random.between(300, 1_500));
      void victim.start();
      return { killedWorkers: 1, outage: false };
    },
  },
  {
    name: 'kill web',
    async inject({ fleet }) {
      for (const web of fleet.of('web')) await replace(web);
      return HARMLESS;
    },
  },
  {
    name: 'kill a scheduler',
    async inject({ fleet }, random) {
      await replace(random.pick(fleet.of('scheduler')));
      return HARMLESS;
    },
  },
  {
    name: 'kill every process',
    async inject({ fleet }) {
      await Promise.all(fleet.members.map((one) => one.end('SIGKILL')));
      for (const one of fleet.members) void one.start();
      return { killedWorkers: fleet.of('worker').length, outage: false };
    },
  },
  {
    name: 'kill Postgres',
    async inject({ server }, random) {
      await server!.kill();
      await sleep(random.between(0, 800));
      await server!.restart();
      return { killedWorkers: 0, outage: true };
    },
  },
  {
    name: 'kill Postgres, then a worker',
    async inject({ server, fleet }, random) {
      const victim = random.pick(fleet.of('worker'));
      await server!.kill();
      await sleep(random.between(0, 500));
      await victim.end('SIGKILL');
      await server!.restart();
      void victim.start();
      return { killedWorkers: 1, outage: true };
    },
  },
  {
    name: 'cut all connections',
    async inject({ sql }, random) {
      for (let times = random.between(1, 3); times > 0; times--) {
        await sql(`select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid() and application_name <> 'load'`);
        await sleep(random.between(0, 300));
      }
      return { killedWorkers: 0, outage: true };
    },
  },
  {
    name: 'disk full for the engine',
    async inject({ sql }, random) {
      await sql(DISK_FULL);
      await sleep(random.between(200, 1_000));
      await sql(DISK_FREE);
      return { killedWorkers: 0, outage: true };
    },
  },
  {
    name: 'SIGTERM to a worker',
    async inject({ fleet, complain }, random) {
      const victim = random.pick(fleet.of('worker'));
      await victim.start(); // an earlier fault may have ended it, and what only starts has nothing to drain
      const code = await victim.end('SIGTERM');
      if (code !== 0) complain(`${victim.name} ended with ${code} after SIGTERM, expected 0`);
      void victim.start();
      return HARMLESS;
    },
  },
  {
    name: 'freeze a worker',
    async inject({ fleet }, random) {
      const victim = random.pick(fleet.of('worker'));
      victim.freeze();
      await sleep(random.between(300, 2_000));
      victim.thaw();
      return HARMLESS;
    },
  },
];

/** Longer than a lease: the others take over what the frozen one still thinks it has. */
export const FREEZE_BEYOND_LEASE: Fault = {
  name: 'freeze a worker beyond its lease',
  isSlow: true,
  async inject({ fleet }, random) {
    const victim = random.pick(fleet.of('worker'));
    victim.freeze();
    await sleep(random.between(31_000, 36_000));
    victim.thaw();
    return { killedWorkers: 1, outage: false, undead: true };
  },
};

/** For the one process on the embedded database, where a kill is a kill of everything at once. */
export const EMBEDDED_FAULTS: readonly Fault[] = [
  {
    name: 'kill the one process',
    async inject({ fleet }) {
      for (const one of fleet.members) {
        await one.end('SIGKILL');
        void one.start();
      }
      return { killedWorkers: 1, outage: false };
    },
  },
];

/** A fault and how long after the one before. */
export interface Step {
  afterMs: number;
  fault: Fault;
}

/**
 * Deals faults like cards, so that every one has its turn before any comes again. What and after which
 * pause is decided by the random stream alone.
 */
export function createDeck(random: Random, faults: readonly Fault[]): (count: number) => Step[] {
  let deck: Fault[] = [];
  const draw = () => {
    if (deck.length === 0) deck = [...faults];
    return deck.splice(random.between(0, deck.length - 1), 1)[0]!;
  };
  return (count) =>
    Array.from({ length: count }, () => ({ afterMs: random.between(150, 1_200), fault: draw() }));
}

export async function carryOut({ fault }: Step, world: World, random: Random): Promise<Injury> {
  const from = performance.now();
  const injury = await fault.inject(world, random);
  return { name: fault.name, from, until: performance.now(), ...injury };
}

async function replace(victim: Member): Promise<void> {
  await victim.end('SIGKILL');
  void victim.start();
}

/** What a full disk says, on every table the engine writes. The real thing is in disk-full.test.ts. */
const WRITTEN = ['integration_changes', 'integration_events', 'integration_syncs', 'integration_attempts'];
export const DISK_FULL = `
  create or replace function disk_is_full() returns trigger language plpgsql as $$
  begin
    raise exception 'could not extend file: No space left on device' using errcode = '53100';
  end $$;
  ${WRITTEN.map((table) => `create trigger disk_is_full before insert or update on ${table} for each statement execute function disk_is_full();`).join('\n')}`;
export const DISK_FREE = WRITTEN.map((table) => `drop trigger disk_is_full on ${table};`).join('\n');
