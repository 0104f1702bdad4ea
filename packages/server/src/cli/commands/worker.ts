import { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { count } from '../parse.ts';

export function workerCommand(context: Context): Command {
  const command = new Command('worker')
    .description(
      'Dispatches events and delivers them. As many as wanted, on any machine. Needs a Postgres server.',
    )
    .option('-c, --concurrency <n>', 'deliveries at once; instead of CONCURRENCY', count(1, 10_000))
    .action(async ({ concurrency }: { concurrency?: number }) => {
      await context.serve({ web: false, worker: true, scheduler: false, all: false, concurrency });
    });
  return examples(command, 'worker', 'worker --concurrency 200');
}
