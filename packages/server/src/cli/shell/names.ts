import type { Integration, Sync } from '@signalbox/engine';
import type { Tenant } from '../../accounts/tenants.ts';
import { hostTypes } from '../../host/kysely.ts';
import type { Services } from '../../services.ts';
import { findIntegration, listIntegrations } from '../find-integration.ts';
import { findTenant } from '../find-tenant.ts';

/** What is at hand in the shell. */
export interface ShellNames {
  services: Services;
  engine: Services['engine'];
  host: Services['host'];
  config: Services['config'];
  /** A query; values are bound, never pasted in. Gives the rows. */
  sql(text: TemplateStringsArray, ...values: unknown[]): Promise<Record<string, unknown>[]>;
  tenant(slug?: string): Promise<Tenant>;
  tenants(): Promise<Tenant[]>;
  integrations(slug?: string, filter?: { isActive?: boolean }): Promise<Integration[]>;
  /** The most recent syncs of a tenant. */
  syncs(slug?: string, limit?: number): Promise<Sync[]>;
  /** Sends a sample event to an integration now. */
  test(
    integration: string | number,
    eventType?: string,
  ): ReturnType<Services['engine']['integrations']['test']>;
  [name: string]: unknown;
}

export function shellNames(services: Services): ShellNames {
  const { engine, host, config } = services;
  return {
    services,
    engine,
    host,
    config,
    async sql(text, ...values) {
      const statement = {
        text: text.reduce((before, part, index) => `${before}$${index}${part}`),
        values,
        types: hostTypes,
      };
      return (await engine.pool.query(statement)).rows;
    },
    tenant: (slug) => findTenant(services, slug),
    tenants: () => services.tenants.list(),
    async integrations(slug, { isActive } = {}) {
      const of = slug === undefined ? await services.tenants.list() : [await findTenant(services, slug)];
      const all = (await listIntegrations(services, of)).map(({ integration }) => integration);
      return isActive === undefined ? all : all.filter((integration) => integration.isActive === isActive);
    },
    async syncs(slug, limit = 10) {
      const tenant = await findTenant(services, slug);
      return (await engine.syncs.list(String(tenant.id), {}, { limit })).data;
    },
    async test(wanted, eventType) {
      const { tenant, integration } = await findIntegration(services, String(wanted), undefined);
      return engine.integrations.test(String(tenant.id), integration.id, {
        eventType,
        tenantName: tenant.name,
      });
    },
  };
}
