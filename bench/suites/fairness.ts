import type { Context, Database, Suite } from '../lib/context.ts';
import { drain } from '../lib/drain.ts';
import { count, SLOTS, TENANTS } from '../lib/fixtures.ts';
import type { Sample } from '../lib/measure.ts';
import { ArrivalError } from '../lib/sink.ts';
import { ratio } from '../lib/statistics.ts';
import { busiest } from '../lib/table.ts';

const TIMEOUT_MS = 2_000;
const KEPT = 0.95;

/** What ten healthy receivers get while an eleventh accepts connections and never answers. */
export const fairnessSuite: Suite = {
  name: 'dead neighbour',
  async *run(context) {
    const healthy = context.size(6_000, 60_000);
    const samples: Record<'alone' | 'beside', Sample[]> = { alone: [], beside: [] };
    const sender = await context.sender('signalbox');
    const rounds = context.size(2, 5);
    for (let round = 0; round <= rounds; round++) {
      const order = round % 2 === 0 ? (['alone', 'beside'] as const) : (['beside', 'alone'] as const);
      for (const how of round === 0 ? order.slice(0, 1) : order) {
        const database = await context.withBacklog({ pending: healthy });
        if (how === 'beside') await addDead(context, database, healthy / TENANTS);
        const sample = await drain(context, {
          what: `ten receivers ${how} a dead one`,
          senders: [sender],
          settings: [{ kind: 'signalbox', databaseUrl: database.url, concurrency: SLOTS }],
          deliveries: healthy,
          isRecorded: async () =>
            (await count(database.pool, `integration_syncs where status = 'synced'`)) === healthy,
        });
        if (how === 'beside') await expectKept(database, healthy / TENANTS);
        await database.drop();
        if (round > 0) samples[how].push(sample); // the first one warms the code
      }
    }
    const rates = (list: Sample[]) => list.map((sample) => healthy / sample.seconds);
    const kept = ratio(rates(samples.beside), rates(samples.alone));
    yield {
      what: 'ten healthy receivers',
      values: rates(samples.alone),
      unit: '/s',
      otherCores: busiest(samples.alone),
    };
    yield {
      what: `beside a dead one with a tenth as much to get (timeout ${TIMEOUT_MS / 1_000} s)`,
      values: rates(samples.beside),
      unit: '/s',
      otherCores: busiest(samples.beside),
      ratio: `${kept.toFixed(3)} of without`,
      target: { text: `≥ ${KEPT} of without`, isMet: kept >= KEPT },
    };
  },
};

/** An eleventh integration, of the first tenant, whose syncs are as old as all others. */
async function addDead({ sink }: Context, { pool }: Database, pending: number): Promise<void> {
  await pool.query(
    `with dead as (
       insert into tenant_integrations
         (tenant_id, name, connector, event_types, url, notes, concurrency, settings)
       select tenant_id, 'Dead', connector, event_types, $1, 'none', concurrency,
         jsonb_build_object('timeout_ms', $2::int)
       from tenant_integrations order by id limit 1
       returning id, tenant_id
     )
     insert into integration_syncs
       (tenant_id, integration_id, event_id, event_type, model, record_id, next_attempt_at)
     select dead.tenant_id, dead.id, s.event_id, s.event_type, s.model, s.record_id, s.next_attempt_at
     from dead, integration_syncs s where s.tenant_id = dead.tenant_id order by s.id limit $3`,
    [`${sink.deadOrigin}/hook`, TIMEOUT_MS, pending],
  );
  await pool.query('vacuum analyze integration_syncs');
}

/** The dead one's syncs are all still there, and none was delivered. */
async function expectKept({ pool }: Database, expected: number): Promise<void> {
  const kept = await count(
    pool,
    `integration_syncs s join tenant_integrations i on i.id = s.integration_id
     where i.name = 'Dead' and s.status = 'pending'`,
  );
  if (kept !== expected)
    throw new ArrivalError(`the dead receiver had ${expected} syncs, ${kept} still wait`);
}
