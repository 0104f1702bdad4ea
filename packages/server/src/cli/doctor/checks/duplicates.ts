import { type Check, fail, ok } from '../check.ts';

const CONSTRAINT = 'one_sync_per_integration_and_event';

export const duplicates: Check = {
  id: 'duplicates',
  title: 'No event is sent twice to one integration',
  async run({ services: { engine } }) {
    const { rows } = await engine.pool.query({
      text: `select from pg_constraint c join pg_index i on i.indexrelid = c.conindid
             where c.conrelid = to_regclass('integration_syncs') and c.conname = $1 and c.contype = 'u' and i.indisvalid`,
      values: [CONSTRAINT],
    });
    if (rows.length > 0) return ok('The unique constraint on (integration, event) is in place.');
    return fail(
      `The constraint ${CONSTRAINT} is missing: the same event could be queued twice.`,
      `Remove duplicates, then: alter table integration_syncs add constraint ${CONSTRAINT} unique (integration_id, event_id)`,
    );
  },
};
