import type { Tenant } from '../accounts/tenants.ts';
import type { Services } from '../services.ts';

const NAME = 'Demo inbox';

/** The integration that delivers to the built-in inbox. Made once; follows the port when that changes. */
export async function ensureDemoInbox({ engine }: Services, tenant: Tenant, url: string): Promise<void> {
  const tenantId = String(tenant.id);
  const { data } = await engine.integrations.list(tenantId, {}, { limit: 200 });
  const existing = data.find(({ name }) => name === NAME);
  if (existing !== undefined) {
    const moved = existing.url !== url && isInbox(existing.url);
    if (moved) await engine.integrations.update(tenantId, existing.id, { url });
    return;
  }
  if (await hadIntegrations(engine, tenantId)) return;
  await engine.integrations.create(tenantId, {
    name: NAME,
    connector: 'webhook',
    url,
    eventTypes: engine.catalogue.eventTypes.map(({ name }) => name),
    signing: { type: 'standard-webhooks' },
  });
}

function isInbox(url: string | null): boolean {
  return url !== null && URL.parse(url)?.pathname === '/inbox/demo';
}

/** Somebody who deleted it does not want it back. */
async function hadIntegrations({ pool }: Services['engine'], tenantId: string): Promise<boolean> {
  const { rows } = await pool.query({
    text: 'select from tenant_integrations where tenant_id = $1 limit 1',
    values: [tenantId],
  });
  return rows.length > 0;
}
