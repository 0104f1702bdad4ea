import { Command, Option } from 'commander';
import type { Role } from '../../host/schema.ts';
import { SIGNALBOX } from '../called-as.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { examples } from '../examples.ts';
import { findIntegration } from '../find-integration.ts';
import { findTenant, TENANT_OPTION } from '../find-tenant.ts';
import { printJson, printLine, printTable, remark } from '../output.ts';
import { count } from '../parse.ts';

const DAY_MS = 86_400_000;

export function apikeyCommand(context: Context): Command {
  return new Command('apikey')
    .description('Keys for the REST API: Authorization: Bearer KEY.')
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(revokeCommand(context));
}

interface CreateOptions {
  tenant?: string;
  name: string;
  role: Role;
  expiresInDays?: number;
  integration?: string;
  json?: boolean;
}

function createCommand({ io, withServices }: Context): Command {
  const command = new Command('create')
    .description('Creates a key and prints it, alone, this once: only its hash is kept.')
    .option(...TENANT_OPTION)
    .requiredOption('--name <name>', 'what it is for')
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(['owner', 'admin', 'operator', 'viewer'])
        .default('operator'),
    )
    .option('--expires-in-days <n>', 'stops working by itself', count(1, 3_650))
    .option(
      '--integration <id-or-name>',
      'the integration that writes with it: its own changes do not return to it',
    )
    .option('--json', 'machine-readable output')
    .action(({ tenant: slug, name, role, expiresInDays, integration, json }: CreateOptions) =>
      withServices(async (services) => {
        const tenant = await findTenant(services, slug);
        const owner =
          integration === undefined ? null : await findIntegration(services, integration, tenant.slug);
        const expiresAt =
          expiresInDays === undefined ? undefined : new Date(Date.now() + expiresInDays * DAY_MS);
        const { key, text } = await services.apiKeys.create({
          tenantId: tenant.id,
          name,
          role,
          expiresAt,
          integrationId: owner?.integration.id,
        });
        if (json) printJson(io, { ...key, key: text });
        else printLine(io, text);
      }),
    );
  return examples(
    command,
    'apikey create --tenant fix-it --name "Front desk" --role admin',
    'apikey create --tenant fix-it --name "n8n" --expires-in-days 90',
  );
}

function listCommand({ io, withServices }: Context): Command {
  const command = new Command('list')
    .description('Lists the keys of a tenant, without the keys themselves.')
    .option(...TENANT_OPTION)
    .option('--json', 'machine-readable output')
    .action(({ tenant: slug, json }: { tenant?: string; json?: boolean }) =>
      withServices(async (services) => {
        const keys = await services.apiKeys.list((await findTenant(services, slug)).id);
        if (json) return printJson(io, keys);
        const rows = keys.map((key) => [
          key.id,
          key.name,
          key.role,
          `sbx_${key.prefix}_…${key.last_four}`,
          key.last_used_at,
          stateOf(key),
        ]);
        printTable(
          io,
          ['id', 'name', 'role', 'key', 'last used', 'state'],
          rows,
          'This tenant has no key yet.',
        );
      }),
    );
  return examples(command, 'apikey list --tenant fix-it');
}

function stateOf({ revoked_at, expires_at }: { revoked_at: Date | null; expires_at: Date | null }): string {
  if (revoked_at !== null) return 'revoked';
  if (expires_at === null) return 'valid';
  return expires_at.getTime() <= Date.now()
    ? 'expired'
    : `valid until ${expires_at.toISOString().slice(0, 10)}`;
}

function revokeCommand({ io, withServices }: Context): Command {
  const command = new Command('revoke')
    .description('Makes a key stop working, within ten seconds everywhere.')
    .argument('<id>', 'its id, from apikey list', count(1, Number.MAX_SAFE_INTEGER))
    .option(...TENANT_OPTION)
    .action((id: number, { tenant: slug }: { tenant?: string }) =>
      withServices(async (services) => {
        const tenant = await findTenant(services, slug);
        if (await services.apiKeys.revoke(tenant.id, id))
          return remark(io, `Key ${id} of ${tenant.slug} is revoked.`);
        throw new CliError(
          `${tenant.slug} has no key ${id}. See: ${SIGNALBOX} apikey list --tenant ${tenant.slug}`,
        );
      }),
    );
  return examples(command, 'apikey revoke 3 --tenant fix-it');
}
