import { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';

export function webCommand(context: Context): Command {
  const command = new Command('web')
    .description('Serves the REST API, its documentation and the health checks. Needs a Postgres server.')
    .action(async () => {
      await context.serve({ web: true, worker: false, scheduler: false, all: false });
    });
  return examples(command, 'web', 'migrate && signalbox web  on a new database');
}
