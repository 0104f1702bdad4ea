import type { Transaction } from '../database.ts';
import { rows } from '../sql.ts';

/** What dispatch needs to know of an integration. */
export interface Subscription {
  id: number;
  tenant_id: string;
  event_types: string[];
  filter: unknown;
  ordering: 'record' | 'none';
  version: number;
}

/** The tenants' integrations that want events now. Paused ones do: their syncs are kept. */
export async function loadSubscriptions(
  tx: Transaction,
  tenantIds: string[],
): Promise<Map<string, Subscription[]>> {
  const found = await rows<Subscription>(
    tx,
    `select id, tenant_id, event_types, filter, ordering, version from tenant_integrations
     where tenant_id = any($1) and is_active and deleted_at is null order by id`,
    [tenantIds],
    'signalbox_subscriptions',
  );
  const byTenant = new Map<string, Subscription[]>();
  for (const subscription of found) {
    const list = byTenant.get(subscription.tenant_id);
    if (list) list.push(subscription);
    else byTenant.set(subscription.tenant_id, [subscription]);
  }
  return byTenant;
}

export type Filter = (payload: Record<string, unknown>) => boolean;

/** Compiles a stored filter once a version. A filter that does not compile lets everything pass. */
export function createFilterCache(compile: (filter: unknown) => Filter) {
  const cache = new Map<number, { version: number; filter: Filter }>();
  return (subscription: Subscription): Filter | null => {
    if (subscription.filter === null) return null;
    const known = cache.get(subscription.id);
    if (known?.version === subscription.version) return known.filter;
    const filter = compile(subscription.filter);
    cache.set(subscription.id, { version: subscription.version, filter });
    return filter;
  };
}
