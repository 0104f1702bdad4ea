import { REASONS } from '@signalbox/engine';
import { SIGNALBOX } from '../../called-as.ts';
import { counted } from '../../output.ts';
import { type Check, ok, warn } from '../check.ts';

const SHOWN = 10;

export const failures: Check = {
  id: 'failures',
  title: 'Syncs of the last day',
  async run({ services: { engine }, tenants }) {
    const { rows } = await engine.pool.query<{
      count: number;
      id: number;
      name: string;
      reason: string;
      error: string | null;
    }>({
      text: `select count(*)::integer as count, i.id::integer as id, i.name, s.reason, left(s.last_error, 200) as error
             from integration_syncs s join tenant_integrations i on i.id = s.integration_id
             where s.status = 'failed' and s.ended_at > now() - interval '1 day' and s.tenant_id = any($1)
             group by i.id, i.name, s.reason, left(s.last_error, 200) order by count desc`,
      values: [tenants.map(({ id }) => String(id))],
    });
    if (rows.length === 0) return ok('None has failed for good.');
    return rows.slice(0, SHOWN).map(({ count, id, name, reason, error }) => {
      const cause = error ?? REASONS[reason] ?? reason;
      return warn(
        `${counted(count, 'sync')} to "${name}" failed (${reason}): ${cause}`,
        `Mend the cause, then: ${SIGNALBOX} retry-failed --integration ${id}`,
      );
    });
  },
};
