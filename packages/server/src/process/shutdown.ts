import type { HostProcess } from './host-process.ts';
import type { AppLogger } from './logger.ts';

/** Why a process has to end. */
export type Ending = { kind: 'signal'; signal: string; at: number } | { kind: 'uncaught'; error: unknown };

/** Resolves when the process is asked to end or something went wrong that nobody caught. */
export function untilEnding(
  host: HostProcess,
  now = Date.now,
): { ending: Promise<Ending>; stopListening(): void } {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const stopSignals = host.onStopSignal((signal) => resolve({ kind: 'signal', signal, at: now() }));
  const stopErrors = host.onUncaught((error) => resolve({ kind: 'uncaught', error }));
  return {
    ending: promise,
    stopListening() {
      stopSignals();
      stopErrors();
    },
  };
}

/** Ctrl-C under npm arrives twice, from the terminal and from npm. Nobody types that fast. */
const SAME_REQUEST_MS = 1_000;

export interface Step {
  name: string;
  run(): Promise<unknown>;
}

/**
 * Runs the steps one after the other within `timeoutMs` in all; a step that fails does not keep the next
 * from running. A second signal ends the process at once, unless it is an echo of the one at `askedAt`.
 * Resolves to whether all went well in time.
 */
export async function drain(
  steps: Step[],
  timeoutMs: number,
  host: HostProcess,
  logger: AppLogger,
  { askedAt = null, now = Date.now }: { askedAt?: number | null; now?: () => number } = {},
): Promise<boolean> {
  const stopListening = host.onStopSignal((signal) => {
    if (askedAt !== null && now() - askedAt < SAME_REQUEST_MS) return;
    logger.warn({ signal }, 'asked again: ending at once');
    host.exit(1);
  });
  const { promise: timeUp, resolve } = Promise.withResolvers<'time is up'>();
  const timer = setTimeout(() => resolve('time is up'), timeoutMs);
  try {
    let well = true;
    for (const { name, run } of steps) {
      logger.debug({ step: name }, 'ending a part');
      const outcome = await Promise.race([timeUp, run().catch((error: unknown) => ({ error }))]);
      if (outcome === 'time is up') {
        logger.error(
          { step: name, timeoutMs },
          'ending took too long: what is under way is cut off and done again later',
        );
        return false;
      }
      if (typeof outcome === 'object' && outcome !== null && 'error' in outcome) {
        logger.error({ err: outcome.error, step: name }, 'could not end cleanly');
        well = false;
      }
    }
    return well;
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}
