import { createCatalogue, didYouMean } from '@signalbox/engine';
import { Command } from 'commander';
import { triggers } from '../../triggers/index.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../examples.ts';
import { printJson } from '../output.ts';

export function sampleCommand({ io }: Context): Command {
  const command = new Command('sample')
    .description('Prints what a receiver gets for an event, or the JSON Schema of it.')
    .argument('<event>', 'an event type, see signalbox event-types')
    .option('--schema', 'the JSON Schema instead')
    .action((event: string, { schema }: { schema?: boolean }) => {
      const catalogue = createCatalogue(triggers);
      if (catalogue.find(event) === undefined) {
        const names = catalogue.eventTypes.map(({ name }) => name);
        throw new UsageError(
          `There is no event type "${event}".${didYouMean(event, names)} There are: ${names.join(', ')}`,
        );
      }
      printJson(io, schema ? catalogue.schema(event) : catalogue.sample(event, { id: 1, name: 'Acme Corp' }));
    });
  return examples(
    command,
    'sample workitem_created',
    'sample workitem_created --schema',
    "sample task_created | curl -X POST http://localhost:3000/inbox/try -H 'content-type: application/json' -d @-",
  );
}
