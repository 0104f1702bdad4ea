import { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { count } from '../parse.ts';

export function startCommand(context: Context): Command {
  const command = new Command('start')
    .description(
      'Everything in one process: web, worker and scheduler, migrating by itself. Without DATABASE_URL on an ' +
        'embedded database. In development also the inbox and, when the database is empty, demo data.',
    )
    .option('-c, --concurrency <n>', 'deliveries at once; instead of CONCURRENCY', count(1, 10_000))
    .action(async ({ concurrency }: { concurrency?: number }) => {
      await context.serve({ web: true, worker: true, scheduler: true, all: true, concurrency });
    });
  return examples(command, 'start');
}
