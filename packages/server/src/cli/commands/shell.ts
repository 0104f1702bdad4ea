import { inspect } from 'node:util';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { examples } from '../examples.ts';
import { printJson, printLine } from '../output.ts';
import { evaluate } from '../shell/evaluate.ts';
import { shellNames } from '../shell/names.ts';
import { runRepl } from '../shell/repl.ts';

interface Options {
  eval?: string;
  json?: boolean;
}

export function shellCommand({ io, withServices }: Context): Command {
  const command = new Command('shell')
    .description(
      'A JavaScript prompt with everything loaded: engine, sql, tenants, integrations, syncs. Promises are awaited.',
    )
    .option('-e, --eval <code>', 'run this and print what it gives')
    .option('--json', 'with --eval: print it as JSON')
    .action(({ eval: code, json }: Options) =>
      withServices(async (services) => {
        const names = shellNames(services);
        if (code === undefined) return runRepl(io, names);
        const result = await evaluate(code, names).catch((error: unknown) => {
          throw new CliError(
            error instanceof Error ? `${error.name}: ${error.message}` : `Thrown: ${inspect(error)}`,
          );
        });
        if (json) printJson(io, result ?? null);
        else if (result !== undefined)
          printLine(io, typeof result === 'string' ? result : inspect(result, { depth: 6 }));
      }),
    );
  return examples(
    command,
    'shell',
    "shell -e 'engine.chores.retryFailedSyncs()'",
    "shell -e 'sql`select status, count(*) from integration_syncs group by status`' --json",
  );
}
