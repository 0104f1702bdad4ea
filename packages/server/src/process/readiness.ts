import type { Running } from '@signalbox/engine';
import type { ReadyCheck } from '../api/operations.ts';
import { SIGNALBOX } from '../cli/called-as.ts';
import { pendingMigrationNames } from '../migrate.ts';
import type { Services } from '../services.ts';

export interface Readiness {
  checks(): Promise<ReadyCheck[]>;
  /** Everything is started: `running` are the roles beside the web one. Before that nobody is welcome. */
  open(running: Running | null): void;
  /** From now on this process wants no more requests. */
  drain(): void;
}

/** What `/readyz` says of this process. */
export function createReadiness({ engine }: Services): Readiness {
  let state: 'starting' | 'open' | 'ending' = 'starting';
  let migrated = false;
  let running: Running | null = null;

  return {
    open(roles) {
      state = 'open';
      running = roles;
    },
    drain() {
      state = 'ending';
    },
    async checks() {
      if (state !== 'open') return [{ name: 'process', ok: false, detail: `it is ${state}` }];
      await engine.pool.query({ text: 'select 1' });
      // Once done it stays done: no look at the ledger with every probe.
      migrated ||= (await pendingMigrationNames(engine)).length === 0;
      const checks: ReadyCheck[] = [
        { name: 'database', ok: true },
        { name: 'migrations', ok: migrated, detail: migrated ? undefined : `run: ${SIGNALBOX} migrate` },
      ];
      if (running !== null) checks.push({ name: 'worker', ok: running.healthy() });
      return checks;
    },
  };
}
