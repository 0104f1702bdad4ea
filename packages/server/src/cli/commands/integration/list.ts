import { Command } from 'commander';
import { showIntegration } from '../../../api/routes/integration-shown.ts';
import { SIGNALBOX } from '../../called-as.ts';
import type { Context } from '../../context.ts';
import { examples } from '../../examples.ts';
import { type FoundIntegration, listIntegrations } from '../../find-integration.ts';
import { findTenant } from '../../find-tenant.ts';
import { counted, printJson, printTable } from '../../output.ts';

interface Options {
  tenant?: string;
  active?: boolean;
  json?: boolean;
}

export function listCommand({ io, withServices }: Context): Command {
  const command = new Command('list')
    .description('Lists integrations with their state, of all tenants or of one.')
    .option('--tenant <slug>', 'only of this tenant')
    .option('--active', 'only those that are on and not paused')
    .option('--json', 'machine-readable output')
    .action(({ tenant: slug, active, json }: Options) =>
      withServices(async (services) => {
        const tenants =
          slug === undefined ? await services.tenants.list() : [await findTenant(services, slug)];
        const all = await listIntegrations(services, tenants);
        const shown = active
          ? all.filter(({ integration }) => integration.isActive && integration.pausedAt === null)
          : all;
        if (json) {
          return printJson(
            io,
            shown.map(({ tenant, integration }) => ({
              tenant: tenant.slug,
              ...showIntegration(integration),
            })),
          );
        }
        const known = services.engine.catalogue.eventTypes.length;
        const headings = ['id', 'tenant', 'name', 'connector', 'state', 'last success', 'events', 'url'];
        printTable(
          io,
          headings,
          shown.map((found) => row(found, known)),
          `There is no integration yet. See: ${SIGNALBOX} integration create --help`,
        );
      }),
    );
  return examples(
    command,
    'integration list',
    'integration list --tenant fix-it --active',
    'integration list --json',
  );
}

function row({ tenant, integration }: FoundIntegration, known: number) {
  const { id, name, connector, eventTypes, url, health } = integration;
  return [
    id,
    tenant.slug,
    name,
    connector,
    stateOf(integration),
    health.lastSuccessAt,
    eventTypes.length === known ? 'all' : counted(eventTypes.length, 'type'),
    url,
  ];
}

export function stateOf({ isActive, pausedAt, health }: FoundIntegration['integration']): string {
  if (!isActive) return 'off';
  if (pausedAt !== null) return 'paused';
  return health.consecutiveFailures > 0 ? `failing (${health.consecutiveFailures})` : 'active';
}
