import { Command } from 'commander';
import { SIGNALBOX } from '../called-as.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import { printJson, printLine, printTable } from '../output.ts';

export function tenantCommand(context: Context): Command {
  return new Command('tenant')
    .description('Companies; everything belongs to one.')
    .addCommand(createCommand(context))
    .addCommand(listCommand(context));
}

interface CreateOptions {
  slug: string;
  name: string;
  json?: boolean;
}

function createCommand({ io, withServices }: Context): Command {
  const command = new Command('create')
    .description('Creates a tenant and prints its id.')
    .requiredOption('--slug <slug>', 'short name for commands: lower-case letters, digits and hyphens')
    .requiredOption('--name <name>', 'name for people')
    .option('--json', 'machine-readable output')
    .action(async ({ slug, name, json }: CreateOptions) => {
      if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(slug)) {
        throw new UsageError(
          `--slug must be 1 to 63 lower-case letters, digits and inner hyphens, got "${slug}".`,
        );
      }
      if (name.trim() === '' || name.length > 200) {
        throw new UsageError(`--name must have 1 to 200 characters, got ${name.length}.`);
      }
      await withServices(async ({ tenants }) => {
        if (await tenants.find(slug))
          throw new CliError(`There is a tenant "${slug}" already. Choose another slug.`);
        const tenant = await tenants.create({ slug, name });
        if (json) printJson(io, tenant);
        else printLine(io, String(tenant.id));
      });
    });
  return examples(command, 'tenant create --slug fix-it --name "Fix-It Repair"');
}

function listCommand({ io, withServices }: Context): Command {
  const command = new Command('list')
    .description('Lists the tenants.')
    .option('--json', 'machine-readable output')
    .action(({ json }: { json?: boolean }) =>
      withServices(async ({ tenants }) => {
        const all = await tenants.list();
        if (json) return printJson(io, all);
        const rows = all.map(({ id, slug, name, created_at }) => [id, slug, name, created_at]);
        const create = `There is no tenant yet. Create one: ${SIGNALBOX} tenant create --slug acme --name "Acme"`;
        printTable(io, ['id', 'slug', 'name', 'created'], rows, create);
      }),
    );
  return examples(command, 'tenant list', 'tenant list --json');
}
