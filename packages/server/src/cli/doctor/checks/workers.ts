import { SIGNALBOX } from '../../called-as.ts';
import { duration } from '../../output.ts';
import { type Check, fail, ok, type Patient } from '../check.ts';

export const workers: Check = {
  id: 'workers',
  title: 'Workers are alive',
  run: (patient) => aliveWith(patient, 'worker', 'nothing is delivered'),
};

/** Whether a live process has a role. */
export async function aliveWith({ services }: Patient, role: 'worker' | 'scheduler', without: string) {
  const all = (await services.engine.workers.list()).filter(({ roles }) => roles.includes(role));
  const alive = all.filter((worker) => worker.alive);
  if (alive.length > 0) {
    return ok(
      `Alive: ${alive.map(({ host, pid, version }) => `${host}:${pid} (version ${version})`).join(', ')}.`,
    );
  }
  const last = all.at(-1);
  const seen =
    last === undefined ? '' : ` The last one was seen ${duration(Date.now() - last.seenAt.getTime())} ago.`;
  return fail(
    `No process has the role ${role}: ${without}.${seen}`,
    services.database.kind === 'embedded'
      ? `Start it: ${SIGNALBOX} start`
      : `Start one: ${SIGNALBOX} ${role} (or ${SIGNALBOX} start for everything).`,
  );
}
