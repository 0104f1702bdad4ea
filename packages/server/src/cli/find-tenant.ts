import { didYouMean } from '@signalbox/engine';
import type { Tenant } from '../accounts/tenants.ts';
import type { Services } from '../services.ts';
import { SIGNALBOX } from './called-as.ts';
import { CliError, UsageError } from './errors.ts';

export const TENANT_OPTION = [
  '--tenant <slug>',
  'the tenant; may be left out when there is only one',
] as const;

/** The tenant of `--tenant`. Without it the only one there is; with several, an error that lists them. */
export async function findTenant({ tenants }: Services, slug: string | undefined): Promise<Tenant> {
  const all = await tenants.list();
  const slugs = all.map((tenant) => tenant.slug);
  if (all.length === 0) {
    throw new CliError(
      `There is no tenant yet. Create one: ${SIGNALBOX} tenant create --slug acme --name "Acme"`,
    );
  }
  if (slug === undefined) {
    if (all.length === 1) return all[0]!;
    throw new UsageError(`Which tenant? Add --tenant with one of: ${listed(slugs)}`);
  }
  const found = all.find((tenant) => tenant.slug === slug);
  if (found !== undefined) return found;
  throw new CliError(`There is no tenant "${slug}".${didYouMean(slug, slugs)} There are: ${listed(slugs)}`);
}

/** Null: all of them. */
export async function findTenantOrAll(services: Services, slug: string | undefined): Promise<Tenant | null> {
  return slug === undefined ? null : findTenant(services, slug);
}

function listed(slugs: string[]): string {
  const shown = slugs.slice(0, 20).join(', ');
  return slugs.length > 20 ? `${shown} and ${slugs.length - 20} more` : shown;
}
