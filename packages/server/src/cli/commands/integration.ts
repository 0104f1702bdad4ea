import { Command } from 'commander';
import type { Context } from '../context.ts';
import { createCommand } from './integration/create.ts';
import { listCommand } from './integration/list.ts';
import { rotateSecretCommand } from './integration/rotate-secret.ts';
import { deleteCommand, pauseCommand, resumeCommand } from './integration/state.ts';
import { testCommand } from './integration/test.ts';

export function integrationCommand(context: Context): Command {
  const command = new Command('integration').description(
    'Destinations of events: webhooks, n8n workflows and others.',
  );
  for (const build of [
    listCommand,
    createCommand,
    testCommand,
    pauseCommand,
    resumeCommand,
    rotateSecretCommand,
    deleteCommand,
  ]) {
    command.addCommand(build(context));
  }
  return command;
}
