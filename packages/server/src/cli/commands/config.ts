import { Command } from 'commander';
import { configMarkdown, effectiveSettings } from '../../config/describe.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { printJson, printTable, remark } from '../output.ts';

interface Options {
  json?: boolean;
  markdown?: boolean;
}

export function configCommand({ io, config }: Context): Command {
  const command = new Command('config')
    .description('Prints the configuration in effect, secrets hidden, and where each value came from.')
    .option('--json', 'machine-readable output')
    .option('--markdown', 'print the reference of all settings instead')
    .action(({ json, markdown }: Options) => {
      if (markdown) return void io.stdout.write(configMarkdown());
      const current = config();
      const settings = effectiveSettings(current);
      if (json) return printJson(io, { settings, warnings: current.warnings });
      const rows = settings.map(({ name, value, source }) => [name, value, source]);
      printTable(io, ['setting', 'value', 'from'], rows, '');
      for (const warning of current.warnings) remark(io, `Warning: ${warning}`);
    });
  return examples(command, 'config', 'config --json', 'config --markdown > docs/reference/configuration.md');
}
