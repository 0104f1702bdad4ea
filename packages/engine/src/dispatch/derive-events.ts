import type { TriggerDefinition } from '../trigger.ts';

/** What a captured change says, as far as deciding its events needs it. */
export interface ChangedRow {
  operation: 'insert' | 'update' | 'emit';
  old: Record<string, unknown> | null;
  new: Record<string, unknown>;
}

/** The columns whose value differs, without the trigger's ignored ones, in the row's own order. */
export function changedColumns(trigger: TriggerDefinition, change: ChangedRow): string[] {
  if (change.operation !== 'update' || !change.old) return [];
  const ignored = new Set(trigger.ignore ?? []);
  const old = change.old;
  return Object.keys(change.new).filter(
    (column) => !ignored.has(column) && JSON.stringify(change.new[column]) !== JSON.stringify(old[column]),
  );
}

/**
 * The event types a change raises, in order of declaration. `create` events are named for every insert;
 * that a record raises them only once is the dispatcher's to see to.
 */
export function eventTypesOf(trigger: TriggerDefinition, change: ChangedRow, changed: string[]): string[] {
  const on = change.operation === 'insert' ? 'create' : 'update';
  if (on === 'update' && changed.length === 0) return [];
  return Object.entries(trigger.events)
    .filter(
      ([, event]) =>
        event.on === on &&
        (event.columns?.some((column) => changed.includes(column)) ?? true) &&
        (event.when?.({ old: change.old, new: change.new }) ?? true),
    )
    .map(([name]) => name);
}
