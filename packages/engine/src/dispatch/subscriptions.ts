import type { Transaction } from '../database.ts';
import type { Logger } from '../logger.ts';
import { rows } from '../sql.ts';

/** What dispatch needs to know of an integration. */
export interface Subscription {
  id: number;
  tenant_id: string;
  event_types: string[];
  filter: unknown;
  ordering: 'record' | 'none';
  coalesce: boolean;
  version: number;
}

/** The tenants' integrations that want events now. Paused ones do: their syncs are kept. */
export async function loadSubscriptions(
  tx: Transaction,
  tenantIds: string[],
): Promise<Map<string, Subscription[]>> {
  const found = await rows<Subscription>(
    tx,
    `select id, tenant_id, event_types, filter, ordering, coalesce, version from tenant_integrations
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

/** More than these are compiled again when they are next needed. */
const MAX_FILTERS = 10_000;

/**
 * Compiles a stored filter once a version. A filter that does not compile (another version of this program
 * saved it) or that throws lets its event pass: one tenant's filter must not hold up what the others
 * want, and an event too many is better than one that is missing.
 */
export function createFilterCache(compile: (filter: unknown) => Filter, logger: Logger) {
  const cache = new Map<number, { version: number; filter: Filter }>();

  return (subscription: Subscription): Filter | null => {
    if (subscription.filter === null) return null;
    const known = cache.get(subscription.id);
    if (known?.version === subscription.version) return known.filter;
    if (cache.size >= MAX_FILTERS) cache.clear();
    const filter = guarded(subscription);
    cache.set(subscription.id, { version: subscription.version, filter });
    return filter;
  };

  function guarded({ id, filter }: Subscription): Filter {
    const pass = (error: unknown): boolean => {
      logger.error({ err: error, integration: id }, 'a filter failed; its integration gets the event');
      return true;
    };
    try {
      const compiled = compile(filter);
      return (payload) => {
        try {
          return compiled(payload);
        } catch (error) {
          return pass(error);
        }
      };
    } catch (error) {
      return () => pass(error);
    }
  }
}
