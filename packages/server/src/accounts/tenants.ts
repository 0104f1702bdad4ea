import type { Selectable } from 'kysely';
import type { Database } from '../host/schema.ts';
import type { Host } from '../host/scope.ts';

export type Tenant = Selectable<Database['tenants']>;

export interface NewTenant {
  /** Lower-case letters, digits and hyphens, at most 63. */
  slug: string;
  name: string;
}

export interface Tenants {
  /** With its list of statuses and its numbering of references, which the database sets up. */
  create(tenant: NewTenant): Promise<Tenant>;
  list(): Promise<Tenant[]>;
  find(slug: string): Promise<Tenant | undefined>;
  get(id: number): Promise<Tenant | undefined>;
}

export function createTenants(host: Pick<Host, 'acrossTenants'>): Tenants {
  return {
    create: ({ slug, name }) =>
      host.acrossTenants((db) =>
        db.insertInto('tenants').values({ slug, name }).returningAll().executeTakeFirstOrThrow(),
      ),
    list: () => host.acrossTenants((db) => db.selectFrom('tenants').selectAll().orderBy('id').execute()),
    find: (slug) =>
      host.acrossTenants((db) =>
        db.selectFrom('tenants').selectAll().where('slug', '=', slug).executeTakeFirst(),
      ),
    get: (id) =>
      host.acrossTenants((db) =>
        db.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst(),
      ),
  };
}
