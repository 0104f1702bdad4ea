import { createHash } from 'node:crypto';
import type { TriggerDefinition } from '../trigger.ts';

export interface TableName {
  schema: string;
  name: string;
}

export interface WatchedTable extends TableName {
  /** `isBuiltIn`: its type's operators are in pg_catalog. */
  columns: { name: string; isBuiltIn: boolean }[];
  /** Partitions and children. A write to one of them directly fires its own triggers, not those of the table. */
  parts: TableName[];
}

export interface CaptureSql {
  /** Identifies the text below; kept as the functions' comment, so that drift is seen. */
  fingerprint: string;
  statements: string[];
}

/**
 * The functions and statement-level triggers that write one outbox row per changed row, in the
 * writer's own transaction and whoever the writer is.
 *
 * - One function a table, with its columns written out: a generic one would have to turn both rows into
 *   jsonb to find the key and to see whether anything changed.
 * - `security definer`, so that a writer needs no rights on the outbox: without it, another service's
 *   insert would fail for a table that it has never heard of. So the search_path is fixed, and nobody
 *   else may hang the functions on a table of his own and forge events. Costs 3 µs a statement.
 * - Rows are compared by their image: it needs no equality operator (json, xml and point have none, and the
 *   writer's update would fail), and it sees what an operator calls equal ('a' and 'A' in citext).
 * - An updated row whose key is new is another record: it counts as inserted.
 * - `enable_nestloop = off`, because the plan is cached: one made for a single row would join a bulk
 *   update in quadratic time.
 * - The block has a label, because a column of the host's may be called `origin` too.
 */
export function captureSql(trigger: TriggerDefinition, table: WatchedTable, schema: string): CaptureSql {
  const key = identifier(trigger.key ?? 'id');
  const tenant = identifier(trigger.tenant ?? 'tenant_id');
  const ignored = new Set(trigger.ignore ?? []);
  const watched = table.columns.filter((column) => !ignored.has(column.name));
  const image = (row: string) => `row(${watched.map(({ name }) => `${row}.${identifier(name)}`).join(', ')})`;
  const isBuiltIn = table.columns.find(({ name }) => name === (trigger.key ?? 'id'))?.isBuiltIn ?? false;
  const sameKey = isBuiltIn ? `o.${key} = n.${key}` : `o.${key}::text = n.${key}::text`;
  const outbox = qualified({ schema, name: 'integration_changes' });
  const fn = (operation: 'insert' | 'update') =>
    qualified({ schema, name: captureFunction(trigger.model, operation) });

  const capture = (
    operation: 'insert' | 'update',
    settings: string,
    kind: string,
    old: string,
    from: string,
  ) => `
create or replace function ${fn(operation)}() returns trigger language plpgsql
security definer set search_path = pg_catalog, pg_temp${settings} as $capture$
<<signalbox>>
declare
  actor json := nullif(current_setting('signalbox.actor', true), '')::json;
  origin bigint := nullif(current_setting('signalbox.origin', true), '')::bigint;
  depth integer := coalesce(nullif(current_setting('signalbox.depth', true), '')::integer, 0);
begin
  insert into ${outbox} (tenant_id, model, record_id, operation, old, new, actor, origin, depth)
  select n.${tenant}::text, ${literal(trigger.model)}, n.${key}::text, ${kind}, ${old}, to_json(n.*),
         signalbox.actor, signalbox.origin, signalbox.depth
  from ${from};
  return null;
end
$capture$`;

  const statements = [
    capture('insert', '', "'insert'", 'null', 'new_rows n'),
    capture(
      'update',
      ' set enable_nestloop = off',
      `case when o.${key} is null then 'insert' else 'update' end`,
      `case when o.${key} is not null then to_json(o.*) end`,
      `new_rows n left join old_rows o on ${sameKey}
  where o.${key} is null or record_image_ne(${image('n')}, ${image('o')})`,
    ),
    ...(['insert', 'update'] as const).map(
      (operation) => `revoke all on function ${fn(operation)}() from public`,
    ),
    ...[table, ...table.parts].map(qualified).flatMap((target) => [
      `drop trigger if exists ${CAPTURE_INSERT} on ${target}`,
      `create trigger ${CAPTURE_INSERT} after insert on ${target}
  referencing new table as new_rows for each statement execute function ${fn('insert')}()`,
      `drop trigger if exists ${CAPTURE_UPDATE} on ${target}`,
      `create trigger ${CAPTURE_UPDATE} after update on ${target}
  referencing old table as old_rows new table as new_rows for each statement execute function ${fn('update')}()`,
    ]),
  ];
  const fingerprint = createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 16);
  for (const operation of ['insert', 'update'] as const) {
    statements.push(
      `comment on function ${fn(operation)}() is ${literal(`signalbox capture ${fingerprint}`)}`,
    );
  }
  return { fingerprint, statements };
}

export const CAPTURE_PREFIX = 'signalbox_capture_';
export const CAPTURE_INSERT = 'signalbox_capture_insert';
export const CAPTURE_UPDATE = 'signalbox_capture_update';

/** Postgres cuts names at 63 bytes without a word, and then insert and update would be one function. */
const MAX_NAME_BYTES = 63;

export function captureFunction(model: string, operation: 'insert' | 'update'): string {
  const name = `${CAPTURE_PREFIX}${model}_${operation}`;
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const hash = createHash('sha256').update(model).digest('hex').slice(0, 8);
  return `${CAPTURE_PREFIX}${model.slice(0, 9)}_${hash}_${operation}`;
}

export function qualified({ schema, name }: TableName): string {
  return `${identifier(schema)}.${identifier(name)}`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
