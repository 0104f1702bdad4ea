import { Command } from 'commander';
import { confirm } from '../../ask.ts';
import { SIGNALBOX } from '../../called-as.ts';
import type { Context } from '../../context.ts';
import { examples } from '../../examples.ts';
import { findIntegration } from '../../find-integration.ts';
import { printLine } from '../../output.ts';

interface Options {
  tenant?: string;
  reason?: string;
  yes?: boolean;
}

export function pauseCommand({ io, withServices }: Context): Command {
  const command = new Command('pause')
    .description('Stops deliveries. Nothing is lost: events queue up until it is resumed.')
    .argument('<id-or-name>', 'the integration')
    .option('--tenant <slug>', 'look only at this tenant')
    .option('--reason <text>', 'shown to others')
    .action((wanted: string, { tenant: slug, reason }: Options) =>
      withServices(async (services) => {
        const { tenant, integration } = await findIntegration(services, wanted, slug);
        await services.engine.integrations.pause(String(tenant.id), integration.id, reason);
        printLine(
          io,
          `"${integration.name}" is paused. Go on with: ${SIGNALBOX} integration resume ${integration.id}`,
        );
      }),
    );
  return examples(command, 'integration pause 1 --reason "CRM is being upgraded"');
}

export function resumeCommand({ io, withServices }: Context): Command {
  const command = new Command('resume')
    .description('Delivers what has queued up, in order, and goes on.')
    .argument('<id-or-name>', 'the integration')
    .option('--tenant <slug>', 'look only at this tenant')
    .action((wanted: string, { tenant: slug }: Options) =>
      withServices(async (services) => {
        const { tenant, integration } = await findIntegration(services, wanted, slug);
        await services.engine.integrations.resume(String(tenant.id), integration.id);
        services.engine.wake();
        printLine(io, `"${integration.name}" is resumed.`);
      }),
    );
  return examples(command, 'integration resume 1');
}

export function deleteCommand({ io, withServices, fail }: Context): Command {
  const command = new Command('delete')
    .description('Deletes an integration and cancels what waits for it. Its history stays.')
    .argument('<id-or-name>', 'the integration')
    .option('--tenant <slug>', 'look only at this tenant')
    .option('-y, --yes', 'do not ask')
    .action((wanted: string, { tenant: slug, yes }: Options) =>
      withServices(async (services) => {
        const { tenant, integration } = await findIntegration(services, wanted, slug);
        const question = `Delete "${integration.name}" of ${tenant.slug} and cancel everything that waits for it?`;
        if (!yes && !(await confirm(io, question))) {
          printLine(io, 'Nothing was deleted.');
          return fail();
        }
        await services.engine.integrations.remove(String(tenant.id), integration.id);
        printLine(io, `"${integration.name}" is deleted.`);
      }),
    );
  return examples(command, 'integration delete 1', 'integration delete "Old n8n" --tenant fix-it --yes');
}
