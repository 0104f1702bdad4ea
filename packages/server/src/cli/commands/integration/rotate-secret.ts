import { Command } from 'commander';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { examples } from '../../examples.ts';
import { findIntegration } from '../../find-integration.ts';
import { printJson, printLine, remark } from '../../output.ts';
import { count } from '../../parse.ts';

const HOUR_MS = 3_600_000;

interface Options {
  tenant?: string;
  overlapHours: number;
  json?: boolean;
}

export function rotateSecretCommand({ io, withServices }: Context): Command {
  const command = new Command('rotate-secret')
    .description(
      'Makes a new signing secret and prints it, this once. The old one goes on signing too for a while.',
    )
    .argument('<id-or-name>', 'the integration')
    .option('--tenant <slug>', 'look only at this tenant')
    .option('--overlap-hours <n>', 'how long both sign', count(0, 720), 24)
    .option('--json', 'machine-readable output')
    .action((wanted: string, { tenant: slug, overlapHours, json }: Options) =>
      withServices(async (services) => {
        const { tenant, integration } = await findIntegration(services, wanted, slug);
        const options = { overlapMs: overlapHours * HOUR_MS };
        const rotated = await services.engine.integrations.rotateSecret(
          String(tenant.id),
          integration.id,
          options,
        );
        if (rotated === null) throw new CliError(`The integration ${wanted} has just been deleted.`);
        if (json)
          return printJson(io, { id: integration.id, secret: rotated.secret, overlap_hours: overlapHours });
        printLine(io, rotated.secret);
        remark(io, `Give it to the receiver within ${overlapHours} h; until then both secrets sign.`);
      }),
    );
  return examples(
    command,
    'integration rotate-secret 1',
    'integration rotate-secret "ERP" --overlap-hours 72',
  );
}
