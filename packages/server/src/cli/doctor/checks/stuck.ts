import { counted } from '../../output.ts';
import { type Check, ok, type Result, warn } from '../check.ts';

export const stuck: Check = {
  id: 'stuck',
  title: 'Nothing is stuck',
  async run({ services: { engine } }) {
    const { rows } = await engine.pool.query<{ leases: number; changes: number; error: string | null }>({
      text: `select
          (select count(*)::integer from integration_syncs
            where status = 'pending' and leased_until < now() - interval '1 minute') as leases,
          (select count(*)::integer from integration_changes where retry_at is not null) as changes,
          (select error from integration_changes where retry_at is not null order by id limit 1) as error`,
    });
    const { leases, changes, error } = rows[0]!;
    const results: Result[] = [];
    if (leases > 0) {
      const says = `${counted(leases, 'sync')} belong to a worker that is gone.`;
      results.push(warn(says, 'A live worker or scheduler takes them over by itself; see whether one runs.'));
    }
    if (changes > 0) {
      const says = `The payload of ${counted(changes, 'change')} cannot be built, and what follows of the same records waits: ${error}`;
      results.push(warn(says, 'Mend the trigger file of that model; they are tried again by themselves.'));
    }
    return results.length > 0 ? results : ok('No lease has run out and no change waits for its payload.');
  },
};
