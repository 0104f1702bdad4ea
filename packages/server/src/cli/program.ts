import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { SIGNALBOX } from './called-as.ts';
import { apikeyCommand } from './commands/apikey.ts';
import { configCommand } from './commands/config.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eventTypesCommand } from './commands/event-types.ts';
import { exportCommand } from './commands/export.ts';
import { inspectCommand } from './commands/inspect.ts';
import { integrationCommand } from './commands/integration.ts';
import { migrateCommand } from './commands/migrate.ts';
import { purgeCommand } from './commands/purge.ts';
import { retryFailedCommand } from './commands/retry-failed.ts';
import { sampleCommand } from './commands/sample.ts';
import { schedulerCommand } from './commands/scheduler.ts';
import { shellCommand } from './commands/shell.ts';
import { startCommand } from './commands/start.ts';
import { syncCommand } from './commands/sync.ts';
import { tenantCommand } from './commands/tenant.ts';
import { webCommand } from './commands/web.ts';
import { workerCommand } from './commands/worker.ts';
import type { Context } from './context.ts';
import { examples } from './examples.ts';

/** The `signalbox` command and all its subcommands. */
export function buildProgram(context: Context): Command {
  const program = new Command('signalbox')
    .description(
      'When a record changes and its transaction commits, every integration of that tenant hears of it.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .helpCommand('help [command]', 'explain a command')
    .showHelpAfterError(`(see ${SIGNALBOX} --help)`);
  examples(
    program,
    'start                    everything in one process; no database server needed',
    'doctor                   why does nothing arrive?',
    'integration list         who hears of what',
    'help integration create  the options of a command',
  );
  const groups: [string, ((context: Context) => Command)[]][] = [
    ['Run:', [startCommand, webCommand, workerCommand, schedulerCommand, migrateCommand]],
    ['Look:', [doctorCommand, inspectCommand, eventTypesCommand, sampleCommand, configCommand]],
    ['Manage:', [tenantCommand, apikeyCommand, integrationCommand, syncCommand]],
    ['Repair:', [retryFailedCommand, purgeCommand, shellCommand, exportCommand]],
  ];
  for (const [group, commands] of groups) {
    for (const build of commands) program.addCommand(build(context).helpGroup(group));
  }
  return program;
}
