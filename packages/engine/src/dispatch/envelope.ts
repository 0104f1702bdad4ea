import type { FieldChanges } from '../trigger.ts';

export interface EnvelopeParts {
  eventType: string;
  occurredAt: Date;
  tenant: { id: unknown; name: string };
  /** What the trigger's `payload` returned: `{ workitem: {…} }`. */
  part: Record<string, unknown>;
  /** null for `create` events. */
  changes: FieldChanges | null;
  eventId: string;
  sequence: number;
  actor: unknown;
}

/** The payload as a receiver gets it, keys in the documented order. */
export function buildEnvelope(parts: EnvelopeParts): Record<string, unknown> {
  return {
    event_type: parts.eventType,
    timestamp: parts.occurredAt.toISOString().replace('.000Z', 'Z'),
    tenant: parts.tenant,
    ...parts.part,
    ...(parts.changes && { changes: parts.changes }),
    event_id: parts.eventId,
    sequence: parts.sequence,
    actor: parts.actor,
  };
}
