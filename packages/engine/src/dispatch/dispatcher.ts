import type { Logger } from '../logger.ts';
import { createWakeable } from '../wakeable.ts';
import type { DispatchResult } from './dispatch.ts';

export interface Dispatcher {
  wake(): void;
  healthy(): boolean;
  stop(): Promise<void>;
}

/** How soon a write that nobody announced (psql, another service) is noticed. */
const POLL_MS = 100;
const ERROR_PAUSE_MS = 1_000;

/** Dispatches as long as there is something, then waits to be woken or for the next poll. */
export function startDispatcher(
  dispatch: () => Promise<DispatchResult>,
  onSyncs: (count: number) => void,
  logger: Logger,
): Dispatcher {
  const pause = createWakeable();
  let stopping = false;
  let isHealthy = true;
  const loop = run();

  return {
    wake: pause.wake,
    healthy: () => isHealthy,
    async stop() {
      stopping = true;
      pause.wake();
      await loop;
    },
  };

  async function run(): Promise<void> {
    while (!stopping) {
      let isMore = false;
      try {
        const result = await dispatch();
        isHealthy = true;
        isMore = !result.busy && result.changes > 0;
        if (!result.busy && result.syncs > 0) onSyncs(result.syncs);
      } catch (error) {
        isHealthy = false;
        logger.error({ err: error }, 'could not dispatch; trying again in a second');
        await pause.pause(ERROR_PAUSE_MS);
        continue;
      }
      if (!isMore && !stopping) await pause.pause(POLL_MS);
    }
  }
}
