import type { RecordedCall, TestResult } from '@signalbox/engine';
import { didYouMean } from '@signalbox/engine';
import { Command } from 'commander';
import { showTest } from '../../../api/routes/calls.ts';
import type { Context } from '../../context.ts';
import { CliError, UsageError } from '../../errors.ts';
import { examples } from '../../examples.ts';
import { findIntegration } from '../../find-integration.ts';
import { printJson, printLine } from '../../output.ts';

interface Options {
  tenant?: string;
  event?: string;
  json?: boolean;
}

export function testCommand({ io, withServices, fail }: Context): Command {
  const command = new Command('test')
    .description(
      'Sends a sample event now, the way deliveries go, and shows what came back. Nothing is queued.',
    )
    .argument('<id-or-name>', 'the integration')
    .option('--tenant <slug>', 'look only at this tenant')
    .option('--event <name>', 'event type to send (default: the first it subscribes to)')
    .option('--json', 'machine-readable output')
    .action((wanted: string, { tenant: slug, event, json }: Options) =>
      withServices(async (services) => {
        const { engine } = services;
        if (event !== undefined && engine.catalogue.find(event) === undefined) {
          const known = engine.catalogue.eventTypes.map(({ name }) => name);
          throw new UsageError(`There is no event type "${event}".${didYouMean(event, known)}`);
        }
        const { tenant, integration } = await findIntegration(services, wanted, slug);
        const options = { eventType: event, tenantName: tenant.name };
        const result = await engine.integrations.test(String(tenant.id), integration.id, options);
        if (result === null) throw new CliError(`The integration ${wanted} has just been deleted.`);
        if (result.verdict !== 'delivered') fail();
        if (json) return printJson(io, showTest(result));
        for (const line of inWords(result)) printLine(io, line);
      }),
    );
  return examples(
    command,
    'integration test 1',
    'integration test "Demo inbox" --event workitem_status_changed',
  );
}

function inWords({ verdict, explanation, durationMs, calls }: TestResult): string[] {
  const head = `${verdict === 'delivered' ? '✓' : '✗'} ${verdict} in ${durationMs} ms`;
  return [...calls.flatMap(callInWords), explanation === null ? head : `${head}: ${explanation}`];
}

function callInWords({ request, exchange }: RecordedCall): string[] {
  const sent = `> ${request.method} ${request.url}`;
  if (!exchange.ok) return [sent, `< ${exchange.failure}: ${exchange.message}`];
  const body = exchange.body.trim().slice(0, 500);
  return [sent, `< ${exchange.status}`, ...(body === '' ? [] : [`  ${body.replaceAll('\n', '\n  ')}`])];
}
