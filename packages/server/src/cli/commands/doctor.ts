import { Command } from 'commander';
import type { Context } from '../context.ts';
import { examineAll } from '../doctor/doctor.ts';
import { printFindings } from '../doctor/print.ts';
import { examples } from '../examples.ts';
import { printJson } from '../output.ts';

interface Options {
  tenant?: string;
  json?: boolean;
}

export function doctorCommand(context: Context): Command {
  const { io } = context;
  const command = new Command('doctor')
    .description(
      'Examines everything between a change and its receivers, and says what to do. Exit 1 when something fails.',
    )
    .option('--tenant <slug>', 'look only at the integrations of this tenant')
    .option('--json', 'machine-readable output')
    .action(async ({ tenant, json }: Options) => {
      const findings = await examineAll(context, tenant);
      if (findings.some(({ state }) => state === 'fail')) context.fail();
      if (json) printJson(io, { ok: findings.every(({ state }) => state !== 'fail'), checks: findings });
      else printFindings(io, findings);
    });
  return examples(command, 'doctor', 'doctor --tenant fix-it', 'doctor --json');
}
