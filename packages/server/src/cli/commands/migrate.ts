import { Command } from 'commander';
import { migrate, pendingWork } from '../../migrate.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { printJson, printLine } from '../output.ts';

interface Options {
  check?: boolean;
  json?: boolean;
}

export function migrateCommand(context: Context): Command {
  const command = new Command('migrate')
    .description(
      'Brings the database to this version: tables, then capture triggers. Safe to run twice, also at once.',
    )
    .option('--check', 'change nothing; exit 1 when there is something to do')
    .option('--json', 'machine-readable output')
    .action((options: Options) => (options.check ? check(context, options) : apply(context, options)));
  return examples(command, 'migrate', 'migrate --check');
}

function apply({ io, withServicesAsIs }: Context, { json }: Options): Promise<void> {
  return withServicesAsIs(async ({ engine }) => {
    const { engine: engineLine, host, attached } = await migrate(engine);
    if (json) return printJson(io, { engine: engineLine, host, attached });
    for (const name of engineLine) printLine(io, `applied engine/${name}`);
    for (const name of host) printLine(io, `applied host/${name}`);
    for (const model of attached) printLine(io, `attached the capture triggers of ${model}`);
    if (engineLine.length + host.length + attached.length === 0)
      printLine(io, 'Nothing to do: the database is of this version.');
  });
}

function check({ io, withServicesAsIs, fail }: Context, { json }: Options): Promise<void> {
  return withServicesAsIs(async ({ engine }) => {
    const pending = await pendingWork(engine);
    if (pending.length > 0) fail();
    if (json) return printJson(io, { pending });
    for (const what of pending) printLine(io, `pending: ${what}`);
    if (pending.length === 0) printLine(io, 'Nothing to do: the database is of this version.');
  });
}
