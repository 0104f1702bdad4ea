import { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';

export function schedulerCommand(context: Context): Command {
  const command = new Command('scheduler')
    .description(
      'Runs the periodic chores: rescue of dead workers, retry of failed syncs, clean-up. Several do no harm. ' +
        'Needs a Postgres server.',
    )
    .action(async () => {
      await context.serve({ web: false, worker: false, scheduler: true, all: false });
    });
  return examples(command, 'scheduler');
}
