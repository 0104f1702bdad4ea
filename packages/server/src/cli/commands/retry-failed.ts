import type { SyncFilter } from '@signalbox/engine';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { findIntegration } from '../find-integration.ts';
import { findTenantOrAll } from '../find-tenant.ts';
import { counted, printJson, printLine } from '../output.ts';
import { since } from '../parse.ts';

interface Options {
  tenant?: string;
  integration?: string;
  eventType?: string;
  reason?: string;
  since?: Date;
  json?: boolean;
}

export function retryFailedCommand({ io, withServices }: Context): Command {
  const command = new Command('retry-failed')
    .description('Sends failed syncs again, each with a new budget of tries. All of them, unless filtered.')
    .option('--tenant <slug>', 'only of this tenant')
    .option('--integration <id-or-name>', 'only of this integration')
    .option('--event-type <name>', 'only of this event type')
    .option('--reason <code>', 'only those that failed so: exhausted, rejected, gone')
    .option('--since <age>', 'only those of the last 30m, 2h, 7d, or since a date', since)
    .option('--json', 'machine-readable output')
    .action((options: Options) =>
      withServices(async (services) => {
        const tenant = await findTenantOrAll(services, options.tenant);
        const of =
          options.integration && (await findIntegration(services, options.integration, options.tenant));
        const filter: SyncFilter = {
          status: 'failed',
          integrationId: of ? of.integration.id : undefined,
          eventType: options.eventType,
          reason: options.reason,
          createdAfter: options.since,
        };
        const owner = of ? of.tenant : tenant;
        const retried = await services.engine.syncs.retryMatching(owner && String(owner.id), filter);
        services.engine.wake();
        if (options.json) return printJson(io, { retried });
        printLine(
          io,
          retried === 0 ? 'No failed sync matches.' : `${counted(retried, 'sync')} will be sent again now.`,
        );
      }),
    );
  return examples(
    command,
    'retry-failed',
    'retry-failed --integration "Slack" --since 2h',
    'retry-failed --reason exhausted',
  );
}
