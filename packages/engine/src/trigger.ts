import type { Queryable } from './database.ts';

/**
 * What the one file of a model says: which table is watched, which events its changes raise, and what
 * their payload is. Types, catalogue, samples, docs and UI derive from it.
 */
export interface TriggerDefinition<Row extends object = Record<string, unknown>> {
  /** The API's name of the model: `work_item`. */
  model: string;
  /** The watched table, `work_items`, or with its schema. */
  table: string;
  /** Its primary key column. Default `id`. */
  key?: string;
  /** The column that says whose record it is. Default `tenant_id`. */
  tenant?: string;
  /** For people: `Work item`. */
  label: string;
  /** Columns whose change alone raises nothing, such as `updated_at`. */
  ignore?: string[];
  /** In the order in which one change raises them. */
  events: Record<string, EventDefinition<Row>>;
  /** JSON Schema of what {@link payload} adds to the envelope. */
  schema: JsonSchema;
  /** An example of what {@link payload} returns, used by samples and docs. */
  sample: Record<string, unknown>;
  /** Names that `changes` uses for columns (`customer_id` → `customer`). Default: the column's own name. */
  fields?: Record<string, string>;
  /**
   * Builds the model's part of the payload for a batch of events at once, in the order given. Runs
   * inside the dispatch transaction; loads what it needs with one query a table, never one an event.
   */
  payload(db: Queryable, events: CapturedChange<Row>[]): Promise<Record<string, unknown>[]>;
  /**
   * Turns changed columns into what receivers see in `changes`, for a batch. Default: the column's
   * value as JSON. Only needed where a column is a reference.
   */
  changes?(db: Queryable, events: CapturedChange<Row>[]): Promise<FieldChanges[]>;
}

export interface EventDefinition<Row extends object = Record<string, unknown>> {
  /** `create` is raised once for a record, ever; `update` for every change that changes something. */
  on: 'create' | 'update';
  /** Only when one of these columns changed. */
  columns?: (keyof Row & string)[];
  /** Only when this holds of the row. Pure; `old` is null for an insert. */
  when?(row: { old: Row | null; new: Row }): boolean;
  description: string;
  /** What an example of it changes, in the payload's words. Default: its first field. */
  example?: FieldChanges;
}

/** One captured row write: the committed row, and for updates what it was before. */
export interface CapturedChange<Row extends object = Record<string, unknown>> {
  tenantId: string;
  recordId: string;
  operation: 'insert' | 'update';
  new: Row;
  old: Row | null;
  /** Changed columns without the ignored ones; empty for an insert. */
  changed: string[];
  occurredAt: Date;
}

export type FieldChanges = Record<string, { old: unknown; new: unknown }>;

export type JsonSchema = Record<string, unknown>;

/** Declares a trigger. Exists so that a trigger file is typed by its row. */
export function defineTrigger<Row extends object>(definition: TriggerDefinition<Row>): TriggerDefinition {
  return definition as unknown as TriggerDefinition;
}
