import { createCatalogue } from '@signalbox/engine';
import { Command } from 'commander';
import { triggers } from '../../triggers/index.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { printJson, printTable } from '../output.ts';

export function eventTypesCommand({ io }: Context): Command {
  const command = new Command('event-types')
    .description('Lists the events that integrations can subscribe to.')
    .option('--json', 'machine-readable output')
    .action(({ json }: { json?: boolean }) => {
      const { eventTypes } = createCatalogue(triggers);
      if (json) return printJson(io, eventTypes);
      const rows = eventTypes.map(({ name, model, description }) => [name, model, description]);
      printTable(io, ['event type', 'model', 'raised when'], rows, '');
    });
  return examples(command, 'event-types', 'event-types --json');
}
