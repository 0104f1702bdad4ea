import { SIGNALBOX } from '../../called-as.ts';
import { counted, duration } from '../../output.ts';
import { type Check, fail, ok, type Result, warn } from '../check.ts';

const WARN_MS = 60_000;
const FAIL_MS = 10 * 60_000;

export const dispatchLag: Check = {
  id: 'lag',
  title: 'Events keep moving',
  async run({ services: { engine } }) {
    const queue = await engine.workers.queue();
    return [
      judge(
        queue.undispatched,
        queue.oldestUndispatchedAt,
        'change',
        'not dispatched',
        'Look at the worker’s log for errors.',
      ),
      judge(
        queue.due,
        queue.oldestDueAt,
        'sync',
        'due',
        `More workers or CONCURRENCY help; see: ${SIGNALBOX} inspect active`,
      ),
    ];
  },
};

function judge(count: number, oldest: Date | null, what: string, state: string, todo: string): Result {
  const age = oldest === null ? 0 : Date.now() - oldest.getTime();
  if (age < WARN_MS)
    return ok(
      `${counted(count, what)} ${state}${oldest === null ? '' : `, the oldest for ${duration(age)}`}.`,
    );
  const says = `${counted(count, what)} ${state}, the oldest for ${duration(age)}.`;
  return age < FAIL_MS ? warn(says, todo) : fail(says, todo);
}
