import type { CapturedChange, FieldChanges, Queryable } from '@signalbox/engine';
import { money, time } from './format.ts';

/** Reads the columns that a payload shows of related rows: one query a table for the whole batch. */
export interface Related<Shown> {
  get(id: number | null): Shown | null;
}

interface Reference {
  name: string;
  table: string;
  columns: string;
}

export const CUSTOMER = { name: 'customer', table: 'customers', columns: 'id, name, email' } as const;
export const EMPLOYEE = { name: 'employee', table: 'employees', columns: 'id, name' } as const;
export const ASSET = { name: 'asset', table: 'assets', columns: 'id, name' } as const;
export const LOCATION = { name: 'location', table: 'locations', columns: 'id, name' } as const;
export const WORK_ITEM = { name: 'work_item', table: 'work_items', columns: 'id, reference_id' } as const;

/**
 * The rows behind `ids`, by id. Ids are unique over all tenants, and a composite foreign key keeps every
 * reference inside its tenant, so the id alone is enough.
 */
export async function loadRelated<Shown extends object>(
  db: Queryable,
  reference: Reference,
  ids: Iterable<number | null>,
): Promise<Related<Shown>> {
  const wanted = [...new Set(ids)].filter((id) => id !== null);
  const found = new Map<number, Shown>();
  if (wanted.length > 0) {
    const { rows } = await db.query<{ id: string }>({
      name: `payload_${reference.table}`,
      text: `select ${reference.columns} from ${reference.table} where id = any($1::bigint[])`,
      values: [wanted],
    });
    for (const row of rows) found.set(Number(row.id), { ...row, id: Number(row.id) } as unknown as Shown);
  }
  return { get: (id) => (id === null ? null : (found.get(Number(id)) ?? null)) };
}

/** How a model's columns are shown in `changes`; a column that is not named here is its plain value. */
export interface ShownColumns<Row> {
  times?: (keyof Row & string)[];
  money?: (keyof Row & string)[];
  references?: Partial<Record<keyof Row & string, { as: string; to: Reference }>>;
}

/** Builds a trigger's `changes()`: references as `{id, name}`, money as text, times in UTC. */
export function showChanges<Row extends object>(shown: ShownColumns<Row>) {
  const references = new Map(
    Object.entries(shown.references ?? {}) as [string, { as: string; to: Reference }][],
  );
  return async (db: Queryable, events: CapturedChange<Row>[]): Promise<FieldChanges[]> => {
    const related = await loadChanged(db, events, references);
    const show = (column: string, value: unknown) => {
      const reference = references.get(column);
      if (reference) return brief(related.get(reference.to.table)?.get(value as number | null) ?? null);
      if (shown.times?.includes(column as never)) return time(value as string | null);
      if (shown.money?.includes(column as never)) return money(value as number | null);
      return value ?? null;
    };
    return events.map((event) => {
      const before = (event.old ?? {}) as Record<string, unknown>;
      const after = event.new as Record<string, unknown>;
      return Object.fromEntries(
        event.changed.map((column) => [
          references.get(column)?.as ?? column,
          { old: show(column, before[column] ?? null), new: show(column, after[column] ?? null) },
        ]),
      );
    });
  };
}

/** Only references that did change, in one query a table. */
async function loadChanged<Row extends object>(
  db: Queryable,
  events: CapturedChange<Row>[],
  references: Map<string, { as: string; to: Reference }>,
): Promise<Map<string, Related<Record<string, unknown>>>> {
  const ids = new Map<Reference, (number | null)[]>();
  for (const event of events) {
    for (const column of event.changed) {
      const reference = references.get(column);
      if (!reference) continue;
      const list = ids.get(reference.to) ?? [];
      ids.set(reference.to, list);
      for (const row of [event.old, event.new]) {
        list.push(((row as Record<string, unknown> | null)?.[column] as number | null | undefined) ?? null);
      }
    }
  }
  const loaded = new Map<string, Related<Record<string, unknown>>>();
  for (const [reference, list] of ids) loaded.set(reference.table, await loadRelated(db, reference, list));
  return loaded;
}

/** `{id, name}` or `{id, reference_id}`: enough to read a change, without the person's email in it. */
function brief(row: Record<string, unknown> | null): Record<string, unknown> | null {
  if (!row) return null;
  const { id, name, reference_id } = row;
  return reference_id === undefined ? { id, name } : { id, reference_id };
}

/** The `fields` of a trigger, from the same declaration. */
export function shownFields<Row>(shown: ShownColumns<Row>): Record<string, string> {
  const references = Object.entries(shown.references ?? {}) as [string, { as: string }][];
  return Object.fromEntries(references.map(([column, { as }]) => [column, as]));
}
