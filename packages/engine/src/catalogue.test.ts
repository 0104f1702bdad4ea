import { expect, test } from 'vitest';
import { createCatalogue } from './catalogue.ts';
import type { TriggerDefinition } from './trigger.ts';

const trigger: TriggerDefinition = {
  model: 'thing',
  table: 'things',
  label: 'Thing',
  events: {
    thing_created: { on: 'create', description: 'made' },
    thing_moved: { on: 'update', description: 'moved', example: { place: { old: 'here', new: 'there' } } },
    thing_updated: { on: 'update', description: 'changed' },
  },
  schema: { properties: { thing: { type: 'object' } } },
  sample: { thing: { id: 1, name: 'A', place: 'here' } },
  payload: async () => [],
};
const tenant = { id: 1, name: 'Acme' };

test("a sample's changes and its record say the same", () => {
  const catalogue = createCatalogue([trigger]);
  expect(catalogue.sample('thing_created', tenant)).not.toHaveProperty('changes');
  expect(catalogue.sample('thing_moved', tenant)).toMatchObject({
    thing: { id: 1, name: 'A', place: 'there' },
    changes: { place: { old: 'here', new: 'there' } },
  });
  expect(catalogue.sample('thing_updated', tenant)).toMatchObject({
    thing: { name: 'A', place: 'here' },
    changes: { name: { old: null, new: 'A' } },
  });
});

test('two triggers cannot declare one model or one event type', () => {
  expect(() => createCatalogue([trigger, trigger])).toThrow('two triggers declare the model "thing"');
  expect(() => createCatalogue([trigger, { ...trigger, model: 'other' }])).toThrow(
    'the event type "thing_created" is declared by "thing" and "other"',
  );
});
