import type { Running } from '@signalbox/engine';
import type { ReadyCheck } from '../api/operations.ts';
import { pendingMigrationNames } from '../migrate.ts';
import type { Services } from '../services.ts';

export interface Readiness {
  checks(): Promise<ReadyCheck[]>;
  /** From now on this process wants no more requests. */
  drain(): void;
  /** The roles beside the web one. */
  watch(running: Running): void;
}

/** What `/readyz` says of this process. */
export function createReadiness({ engine }: Services): Readiness {
  let draining = false;
  let migrated = false;
  let running: Running | null = null;

  return {
    drain() {
      draining = true;
    },
    watch(roles) {
      running = roles;
    },
    async checks() {
      if (draining) return [{ name: 'process', ok: false, detail: 'it is ending' }];
      await engine.pool.query({ text: 'select 1' });
      // Once done it stays done: no look at the ledger with every probe.
      migrated ||= (await pendingMigrationNames(engine)).length === 0;
      const checks: ReadyCheck[] = [
        { name: 'database', ok: true },
        { name: 'migrations', ok: migrated, detail: migrated ? undefined : 'run: signalbox migrate' },
      ];
      if (running !== null) checks.push({ name: 'worker', ok: running.healthy() });
      return checks;
    },
  };
}
