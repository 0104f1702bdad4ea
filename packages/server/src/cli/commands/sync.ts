import type { Sync, SyncFilter, SyncStatus } from '@signalbox/engine';
import { Command, Option } from 'commander';
import { SIGNALBOX } from '../called-as.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { examples } from '../examples.ts';
import { findIntegration } from '../find-integration.ts';
import { findTenant } from '../find-tenant.ts';
import { printJson, printLine, printTable } from '../output.ts';
import { count } from '../parse.ts';

export function syncCommand(context: Context): Command {
  return new Command('sync')
    .description('Events on their way to integrations.')
    .addCommand(listCommand(context))
    .addCommand(retryCommand(context));
}

interface ListOptions {
  tenant?: string;
  status?: SyncStatus;
  integration?: string;
  eventType?: string;
  limit: number;
  json?: boolean;
}

function listCommand({ io, withServices }: Context): Command {
  const command = new Command('list')
    .description('Lists syncs, newest first.')
    .option('--tenant <slug>', 'only of this tenant')
    .addOption(
      new Option('--status <status>', 'only in this status').choices([
        'pending',
        'synced',
        'failed',
        'cancelled',
      ]),
    )
    .option('--integration <id-or-name>', 'only of this integration')
    .option('--event-type <name>', 'only of this event type')
    .option('--limit <n>', 'how many', count(1, 200), 20)
    .option('--json', 'machine-readable output')
    .action((options: ListOptions) =>
      withServices(async (services) => {
        const of =
          options.integration && (await findIntegration(services, options.integration, options.tenant));
        const filter: SyncFilter = { status: options.status, eventType: options.eventType };
        if (of) filter.integrationId = of.integration.id;
        const one = of
          ? of.tenant
          : options.tenant === undefined
            ? null
            : await findTenant(services, options.tenant);
        const syncs: Sync[] = [];
        for (const tenant of one === null ? await services.tenants.list() : [one]) {
          const page = { limit: options.limit };
          syncs.push(...(await services.engine.syncs.list(String(tenant.id), filter, page)).data);
        }
        const shown = syncs.sort((a, b) => b.id - a.id).slice(0, options.limit);
        if (options.json) return printJson(io, shown);
        const headings = [
          'id',
          'created',
          'event',
          'record',
          'integration',
          'status',
          'tries',
          'next try',
          'why',
        ];
        printTable(io, headings, shown.map(row), 'No sync matches.');
      }),
    );
  return examples(command, 'sync list --status failed', 'sync list --integration "Slack" --limit 100 --json');
}

function row(sync: Sync) {
  const { id, createdAt, eventType, model, recordId, integrationId, status, attempts } = sync;
  return [
    id,
    createdAt,
    eventType,
    `${model} ${recordId}`,
    integrationId,
    status,
    attempts,
    sync.nextAttemptAt,
    sync.lastError ?? sync.reasonText,
  ];
}

function retryCommand({ io, withServices }: Context): Command {
  const command = new Command('retry')
    .description('Sends one sync again now, with a new budget of tries.')
    .argument('<id>', 'its id, from sync list', count(1, Number.MAX_SAFE_INTEGER))
    .action((id: number) =>
      withServices(async ({ engine, tenants }) => {
        for (const tenant of await tenants.list()) {
          if ((await engine.syncs.retry(String(tenant.id), id)) === null) continue;
          engine.wake();
          return printLine(io, `Sync ${id} of ${tenant.slug} is sent again now.`);
        }
        throw new CliError(`There is no sync ${id}. See: ${SIGNALBOX} sync list`);
      }),
    );
  return examples(command, 'sync retry 42');
}
