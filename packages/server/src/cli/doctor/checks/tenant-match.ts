import { counted } from '../../output.ts';
import { type Check, fail, ok } from '../check.ts';

export const tenantMatch: Check = {
  id: 'tenant-match',
  title: 'Integrations belong to tenants that exist',
  async run({ services: { engine } }) {
    const { rows } = await engine.pool.query<{ name: string; tenant: string }>({
      text: `select i.name, i.tenant_id as tenant from tenant_integrations i
             where i.deleted_at is null and not exists (select from tenants t where t.id::text = i.tenant_id)`,
    });
    if (rows.length === 0)
      return ok('Every integration has its tenant; it hears of that tenant’s records and no other’s.');
    const names = rows.map(({ name, tenant }) => `"${name}" (tenant ${tenant})`).join(', ');
    const says = `${counted(rows.length, 'integration')} belong to a tenant that does not exist: ${names}.`;
    return fail(says, 'Delete them, or correct tenant_integrations.tenant_id.');
  },
};
