import { pendingMigrationNames } from '../../../migrate.ts';
import { SIGNALBOX } from '../../called-as.ts';
import { counted } from '../../output.ts';
import { type Check, fail, ok } from '../check.ts';

export const migrations: Check = {
  id: 'migrations',
  title: 'The tables are of this version',
  async run({ services: { engine } }) {
    const pending = await pendingMigrationNames(engine);
    if (pending.length === 0) return ok('Every migration has run.');
    return fail(
      `${counted(pending.length, 'migration')} did not run yet: ${pending.join(', ')}.`,
      `Run: ${SIGNALBOX} migrate`,
    );
  },
};
