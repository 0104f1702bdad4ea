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
 *   insert would fail for a table that it has never heard of. So every name, operator and type says its
 *   schema, because the search_path is the writer's, who may have put a schema of his own before pg_catalog;
 *   and nobody else may hang the functions on a table of his own and forge events. `set search_path` would be
 *   shorter and costs 20 µs a statement (Postgres 15), a quarter of the capture; this costs nothing.
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
  const text = isBuiltIn ? '' : '::pg_catalog.text';
  const sameKey = `o.${key}${text} operator(pg_catalog.=) n.${key}${text}`;
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
security definer${settings} as $capture$
<<signalbox>>
declare
  actor pg_catalog.json := (${setting('actor')})::pg_catalog.json;
  origin pg_catalog.int8 := (${setting('origin')})::pg_catalog.int8;
  depth pg_catalog.int4 := coalesce((${setting('depth')})::pg_catalog.int4, 0);
begin
  insert into ${outbox} (tenant_id, model, record_id, operation, old, new, actor, origin, depth)
  select n.${tenant}::pg_catalog.text, ${literal(trigger.model)}, n.${key}::pg_catalog.text, ${kind}, ${old}, pg_catalog.to_json(n.*),
         signalbox.actor, signalbox.origin, signalbox.depth
  from ${from};
  return null;
end
$capture$`;

  const attachTo = (target: TableName) => [
    `drop trigger if exists ${CAPTURE_INSERT} on ${qualified(target)}`,
    `create trigger ${CAPTURE_INSERT} after insert on ${qualified(target)}
  referencing new table as new_rows for each statement execute function ${fn('insert')}()`,
    `drop trigger if exists ${CAPTURE_UPDATE} on ${qualified(target)}`,
    `create trigger ${CAPTURE_UPDATE} after update on ${qualified(target)}
  referencing old table as old_rows new table as new_rows for each statement execute function ${fn('update')}()`,
  ];

  const statements = [
    capture('insert', '', "'insert'", 'null', 'new_rows n'),
    capture(
      'update',
      ' set enable_nestloop = off',
      `case when o.${key} is null then 'insert' else 'update' end`,
      `case when o.${key} is not null then pg_catalog.to_json(o.*) end`,
      `new_rows n left join old_rows o on ${sameKey}
  where o.${key} is null or pg_catalog.record_image_ne(${image('n')}, ${image('o')})`,
    ),
    ...(['insert', 'update'] as const).map(
      (operation) => `revoke all on function ${fn(operation)}() from public`,
    ),
    ...attachTo(table),
  ];
  // Without the parts: a new partition lacks its triggers, which is a difference of its own.
  const fingerprint = createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 16);
  statements.push(...table.parts.flatMap(attachTo));
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

/** Of the transaction; null when it is not set, or was set in an earlier one. */
function setting(name: 'actor' | 'origin' | 'depth'): string {
  const value = `pg_catalog.current_setting('signalbox.${name}', true)`;
  return `case when ${value} operator(pg_catalog.<>) '' then ${value} end`;
}

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
