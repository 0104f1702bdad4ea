import { buildEnvelope } from './dispatch/envelope.ts';
import type { Catalogue, EventType } from './engine-api.ts';
import type { FieldChanges, TriggerDefinition } from './trigger.ts';

const SAMPLE_EVENT_ID = '019a5570-3c00-7000-8000-000000000001';

/** Every event type there is, from the trigger files; throws when two of them clash. */
export function createCatalogue(triggers: readonly TriggerDefinition[]): Catalogue {
  const eventTypes = new Map<string, EventType>();
  const byModel = new Map<string, TriggerDefinition>();
  for (const trigger of triggers) {
    if (byModel.has(trigger.model)) throw new Error(`two triggers declare the model "${trigger.model}"`);
    byModel.set(trigger.model, trigger);
    for (const [name, { on, description }] of Object.entries(trigger.events)) {
      const other = eventTypes.get(name);
      if (other)
        throw new Error(`the event type "${name}" is declared by "${other.model}" and "${trigger.model}"`);
      eventTypes.set(name, { name, model: trigger.model, label: trigger.label, description, on });
    }
  }
  const triggerOf = (name: string) => {
    const type = eventTypes.get(name);
    if (!type) throw new Error(`unknown event type "${name}"`);
    return { type, trigger: byModel.get(type.model)! };
  };

  return {
    triggers,
    eventTypes: [...eventTypes.values()],
    find: (name) => eventTypes.get(name),
    sample(name, tenant) {
      const { type, trigger } = triggerOf(name);
      const changes = type.on === 'update' ? sampleChanges(trigger, name) : null;
      return buildEnvelope({
        eventType: name,
        occurredAt: new Date('2025-11-05T20:30:00Z'),
        tenant,
        part: samplePart(trigger, changes),
        changes,
        eventId: SAMPLE_EVENT_ID,
        sequence: 1,
        actor: null,
      });
    },
    schema(name) {
      const { type, trigger } = triggerOf(name);
      return envelopeSchema(type, trigger);
    },
  };
}

/** The trigger's sample as it is after an example of the change, so that both say the same. */
function samplePart(trigger: TriggerDefinition, changes: FieldChanges | null): Record<string, unknown> {
  if (!changes) return trigger.sample;
  return Object.fromEntries(
    Object.entries(trigger.sample).map(([key, record]) => {
      const changed = { ...(record as Record<string, unknown>) };
      for (const [field, { new: value }] of Object.entries(changes))
        if (field in changed) changed[field] = value;
      return [key, changed];
    }),
  );
}

function sampleChanges(trigger: TriggerDefinition, name: string): FieldChanges {
  const example = trigger.events[name]?.example;
  if (example) return example;
  const record = Object.values(trigger.sample)[0] as Record<string, unknown>;
  const [field, value] = Object.entries(record).find(([key]) => key !== 'id') ?? ['id', null];
  return { [field]: { old: null, new: value } };
}

function envelopeSchema(type: EventType, trigger: TriggerDefinition): Record<string, unknown> {
  const part = trigger.schema as { properties?: Record<string, unknown>; required?: string[] };
  const isUpdate = type.on === 'update';
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: type.name,
    description: type.description,
    type: 'object',
    required: [
      'event_type',
      'timestamp',
      'tenant',
      ...(part.required ?? Object.keys(part.properties ?? {})),
      ...(isUpdate ? ['changes'] : []),
      'event_id',
      'sequence',
      'actor',
    ],
    properties: {
      event_type: { const: type.name },
      timestamp: { type: 'string', format: 'date-time', description: 'When the change was made.' },
      tenant: {
        type: 'object',
        required: ['id', 'name'],
        properties: { id: { type: ['integer', 'string'] }, name: { type: 'string' } },
      },
      ...part.properties,
      ...(isUpdate && {
        changes: {
          type: 'object',
          description: 'Every field that changed.',
          additionalProperties: {
            type: 'object',
            required: ['old', 'new'],
            properties: { old: {}, new: {} },
          },
        },
      }),
      event_id: {
        type: 'string',
        format: 'uuid',
        description: 'Stable over retries and replays; the same as the webhook-id header.',
      },
      sequence: {
        type: 'integer',
        description: 'Rises with every event of a record: drop what is lower than the last one seen.',
      },
      actor: {
        type: ['object', 'null'],
        description: 'Who made the change; null when it was made in the database directly.',
        properties: { type: { type: 'string' }, id: {}, name: { type: 'string' } },
      },
    },
  };
}
