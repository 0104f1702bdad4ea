import { compileFilter, connectors } from '@signalbox/connectors';
import { createEngine, createKeyRing, type Pool } from '@signalbox/engine';
import type { QueryResultRow } from 'pg';
import { createApiKeys } from '../../packages/server/src/accounts/api-keys.ts';
import { createTenants } from '../../packages/server/src/accounts/tenants.ts';
import { createHost } from '../../packages/server/src/host/scope.ts';
import { migrate } from '../../packages/server/src/migrate.ts';
import { triggers } from '../../packages/server/src/triggers/index.ts';
import type { Committed, Subscription } from './check.ts';

/** What every process of a run seals secrets with; the kit's rig has the same. */
export const SECRET_KEY = 'the key of the tests which is long enough';

/**
 * The host's own journal: a plain row trigger of the host writes down every version that is committed, in
 * the writer's transaction. Postgres rolls it back with the write, so it knows the outcome also where the
 * writer never learned it, because its connection broke during the commit. The engine has no part in it.
 */
const JOURNAL = `
  create table host_journal (
    id bigint generated always as identity primary key,
    tenant_id bigint not null, model text not null, record_id bigint not null,
    version integer not null, token text not null, status_changed boolean not null);
  create function keep_journal() returns trigger language plpgsql as $$
  declare
    is_work_item boolean := tg_table_name = 'work_items';
    fresh jsonb := to_jsonb(new);
    earlier jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) end;
  begin
    if new.comments !~ '^[0-9]+$' then return null; end if;
    insert into host_journal (tenant_id, model, record_id, version, token, status_changed) values (
      new.tenant_id, case when is_work_item then 'work_item' else 'customer' end, new.id,
      new.comments::integer, fresh ->> case when is_work_item then 'description' else 'name' end,
      earlier is not null and fresh -> 'status' is distinct from earlier -> 'status');
    return null;
  end $$;
  create trigger keep_journal after insert or update on work_items for each row execute function keep_journal();
  create trigger keep_journal after insert or update on customers for each row execute function keep_journal();
`;

export interface Shop {
  tenantId: number;
  key: string;
}

export interface HostOptions {
  tenants: number;
  /** Where integrations deliver to. */
  url(path: string): string;
  /** Of the receiver that misbehaves; the first tenant has an integration for it. */
  badUrl?(path: string): string;
}

/** How long a hanging receiver is waited for; more than this machine may stall, or a good answer comes too late. */
const HANG_MS = 4_000;

const WORK_ITEM = ['workitem_created', 'workitem_updated'];
const EVERYTHING = [...WORK_ITEM, 'workitem_status_changed', 'customer_created', 'customer_updated'];

/** Brings an empty database to where a run starts: tables, capture, journal, tenants, keys, integrations. */
export async function prepareHost(
  pool: Pool,
  { tenants, url, badUrl }: HostOptions,
): Promise<{ shops: Shop[]; subscriptions: Subscription[] }> {
  const engine = createEngine({
    pool,
    triggers,
    connectors,
    keyRing: createKeyRing([SECRET_KEY]),
    http: { allow: ['127.0.0.0/8'], plainHttp: true },
    compileFilter,
    listen: false,
  });
  await migrate(engine);
  for (const statement of JOURNAL.split(/;\n {2}(?=create)/)) await pool.query({ text: statement });

  const host = createHost(engine);
  const shops: Shop[] = [];
  const subscriptions: Subscription[] = [];
  for (let n = 1; n <= tenants; n++) {
    const { id: tenantId } = await createTenants(host).create({ slug: `shop-${n}`, name: `Shop ${n}` });
    const { text: key } = await createApiKeys(host).create({ tenantId, name: 'load', role: 'admin' });
    shops.push({ tenantId, key });
    const subscribe = async (path: string, eventTypes: string[], to = url) => {
      await engine.integrations.create(String(tenantId), {
        name: path,
        connector: 'webhook',
        eventTypes,
        url: to(path),
        settings: { timeout_ms: to === url ? 15_000 : HANG_MS },
        retryPolicy: { type: 'exponential', baseMs: 100, factor: 2, capMs: 2_000, maxAttempts: 30 },
        notes: path.endsWith('everything') ? 'all' : 'none',
      });
      subscriptions.push({ path, tenantId, eventTypes });
    };
    await subscribe(`shop-${n}-everything`, EVERYTHING);
    await subscribe(`shop-${n}-work-items`, WORK_ITEM);
    if (n === 1 && badUrl) await subscribe('shop-1-bad', WORK_ITEM, badUrl);
  }
  await engine.close();
  return { shops, subscriptions };
}

interface JournalRow extends QueryResultRow {
  id: string | number;
  tenant_id: string | number;
  model: string;
  record_id: string | number;
  version: number;
  token: string;
  status_changed: boolean;
}

/** What was committed since `after`, and where to go on next time. */
export async function readJournal(
  db: Pick<Pool, 'query'>,
  after: number,
): Promise<{ committed: Committed[]; last: number }> {
  const { rows } = await db.query<JournalRow>({
    text: 'select * from host_journal where id > $1 order by id',
    values: [after],
  });
  return {
    committed: rows.map((row) => ({
      tenantId: Number(row.tenant_id),
      model: row.model,
      recordId: Number(row.record_id),
      version: row.version,
      token: row.token,
      statusChanged: row.status_changed,
    })),
    last: Number(rows.at(-1)?.id ?? after),
  };
}
