import type { Integration } from '@signalbox/engine';
import { didYouMean } from '@signalbox/engine';
import type { Tenant } from '../accounts/tenants.ts';
import type { Services } from '../services.ts';
import { CliError } from './errors.ts';
import { findTenant } from './find-tenant.ts';

export interface FoundIntegration {
  tenant: Tenant;
  integration: Integration;
}

/** Every integration of one tenant, or of all of them. */
export async function listIntegrations(services: Services, tenants: Tenant[]): Promise<FoundIntegration[]> {
  const found: FoundIntegration[] = [];
  for (const tenant of tenants) {
    let cursor: string | undefined;
    do {
      const page = await services.engine.integrations.list(String(tenant.id), {}, { limit: 200, cursor });
      found.push(...page.data.map((integration) => ({ tenant, integration })));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }
  return found;
}

/** By id, or by name when that is unambiguous. Looks through all tenants unless one is named. */
export async function findIntegration(
  services: Services,
  wanted: string,
  slug: string | undefined,
): Promise<FoundIntegration> {
  const tenants = slug === undefined ? await services.tenants.list() : [await findTenant(services, slug)];
  const all = await listIntegrations(services, tenants);
  const matches = all.filter(
    ({ integration }) =>
      String(integration.id) === wanted || integration.name.toLowerCase() === wanted.toLowerCase(),
  );
  if (matches.length === 1) return matches[0]!;
  if (matches.length > 1) {
    throw new CliError(`"${wanted}" is the name of several integrations; use the id: ${described(matches)}`);
  }
  const names = all.map(({ integration }) => integration.name);
  const known = all.length === 0 ? ' There are none.' : ` There are: ${described(all)}`;
  throw new CliError(`There is no integration "${wanted}".${didYouMean(wanted, names)}${known}`);
}

function described(found: FoundIntegration[]): string {
  const shown = found
    .slice(0, 10)
    .map(({ tenant, integration }) => `${integration.id} (${integration.name}, ${tenant.slug})`);
  return found.length > 10 ? `${shown.join(', ')} and ${found.length - 10} more` : shown.join(', ');
}
