import type { Queryable, TenantInfo } from '@signalbox/engine';

/** The tenants of a batch of events, as payloads show them. */
export async function loadTenants(db: Queryable, tenantIds: string[]): Promise<Map<string, TenantInfo>> {
  const { rows } = await db.query<{ id: string; name: string }>({
    name: 'tenant_names',
    text: 'select id::text, name from tenants where id = any($1::bigint[])',
    values: [tenantIds],
  });
  return new Map(rows.map(({ id, name }) => [id, { id: Number(id), name }]));
}
