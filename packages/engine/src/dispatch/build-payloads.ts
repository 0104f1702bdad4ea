import type { Queryable } from '../database.ts';
import type { CapturedChange, FieldChanges, TriggerDefinition } from '../trigger.ts';
import type { Change } from './changes.ts';

/** What the trigger file says of one change: the model's part of the payload, and the field changes. */
export interface BuiltPayload {
  part: Record<string, unknown>;
  changes: FieldChanges | null;
}

/** Asks each trigger once for all of its changes. Throws when a trigger throws or answers short. */
export async function buildPayloads(
  db: Queryable,
  trigger: TriggerDefinition,
  changes: { change: Change; changed: string[] }[],
): Promise<BuiltPayload[]> {
  const captured = changes.map(({ change, changed }) => toCaptured(change, changed));
  const parts = await trigger.payload(db, captured);
  const fieldChanges = await (trigger.changes?.(db, captured) ??
    captured.map((c) => plainChanges(trigger, c)));
  if (parts.length !== captured.length || fieldChanges.length !== captured.length) {
    throw new Error(
      `the trigger "${trigger.model}" was asked for ${captured.length} payloads and returned ${parts.length} ` +
        `payloads and ${fieldChanges.length} changes`,
    );
  }
  return parts.map((part, index) => ({
    part,
    changes: captured[index]!.operation === 'update' ? fieldChanges[index]! : null,
  }));
}

function toCaptured(change: Change, changed: string[]): CapturedChange<Record<string, unknown>> {
  return {
    tenantId: change.tenant_id,
    recordId: change.record_id,
    operation: change.operation === 'insert' ? 'insert' : 'update',
    new: change.new,
    old: change.old,
    changed,
    occurredAt: change.occurred_at,
  };
}

function plainChanges(
  trigger: TriggerDefinition,
  change: CapturedChange<Record<string, unknown>>,
): FieldChanges {
  return Object.fromEntries(
    change.changed.map((column) => [
      trigger.fields?.[column] ?? column,
      { old: change.old?.[column] ?? null, new: change.new[column] ?? null },
    ]),
  );
}
