import { createHash } from 'node:crypto';
import type { TriggerDefinition } from '../trigger.ts';

export interface WatchedTable {
  schema: string;
  name: string;
  columns: { name: string; type: string }[];
}

export interface CaptureSql {
  /** Identifies the text below; kept as the functions' comment, so that drift is seen. */
  fingerprint: string;
  statements: string[];
}

/** Types without an equality operator are compared as text. */
const INCOMPARABLE = new Set(['json', 'xml', 'point', 'polygon', 'line', 'box', 'path', 'circle']);

/**
 * The functions and statement-level triggers that write one outbox row per changed row, in the
 * writer's own transaction and whoever the writer is.
 *
 * One function a table, with its columns written out: a generic one would have to turn both rows into
 * jsonb to find the key and to see whether anything changed. `enable_nestloop = off`, because the plan
 * is cached: one made for a single row would join a bulk update in quadratic time.
 */
export function captureSql(trigger: TriggerDefinition, table: WatchedTable, schema: string): CaptureSql {
  const key = identifier(trigger.key ?? 'id');
  const tenant = identifier(trigger.tenant ?? 'tenant_id');
  const ignored = new Set(trigger.ignore ?? []);
  const watched = table.columns.filter((column) => !ignored.has(column.name));
  const values = (row: string) => `(${watched.map((column) => comparable(row, column)).join(', ')})`;
  const outbox = `${identifier(schema)}.integration_changes`;
  const target = `${identifier(table.schema)}.${identifier(table.name)}`;
  const fn = (operation: string) =>
    `${identifier(schema)}.${identifier(`${CAPTURE_PREFIX}${trigger.model}_${operation}`)}`;

  const capture = (operation: 'insert' | 'update', settings: string, select: string) => `
create or replace function ${fn(operation)}() returns trigger language plpgsql${settings} as $capture$
declare
  actor json := nullif(current_setting('signalbox.actor', true), '')::json;
  origin bigint := nullif(current_setting('signalbox.origin', true), '')::bigint;
  depth integer := coalesce(nullif(current_setting('signalbox.depth', true), '')::integer, 0);
begin
  insert into ${outbox} (tenant_id, model, record_id, operation, old, new, actor, origin, depth)
  ${select}
  return null;
end
$capture$`;

  const columns = (operation: string, old: string) =>
    `select n.${tenant}::text, ${literal(trigger.model)}, n.${key}::text, ${literal(operation)}, ${old}, to_json(n), actor, origin, depth`;

  const statements = [
    capture('insert', '', `${columns('insert', 'null')} from new_rows n;`),
    capture(
      'update',
      ' set enable_nestloop = off',
      `${columns('update', 'to_json(o)')}
  from new_rows n join old_rows o on o.${key} = n.${key}
  where ${values('n')} is distinct from ${values('o')};`,
    ),
    `drop trigger if exists ${CAPTURE_INSERT} on ${target}`,
    `create trigger ${CAPTURE_INSERT} after insert on ${target}
  referencing new table as new_rows for each statement execute function ${fn('insert')}()`,
    `drop trigger if exists ${CAPTURE_UPDATE} on ${target}`,
    `create trigger ${CAPTURE_UPDATE} after update on ${target}
  referencing old table as old_rows new table as new_rows for each statement execute function ${fn('update')}()`,
  ];
  const fingerprint = createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 16);
  for (const operation of ['insert', 'update']) {
    statements.push(
      `comment on function ${fn(operation)}() is ${literal(`signalbox capture ${fingerprint}`)}`,
    );
  }
  return { fingerprint, statements };
}

export const CAPTURE_PREFIX = 'signalbox_capture_';
export const CAPTURE_INSERT = 'signalbox_capture_insert';
export const CAPTURE_UPDATE = 'signalbox_capture_update';

function comparable(row: string, column: { name: string; type: string }): string {
  const value = `${row}.${identifier(column.name)}`;
  return INCOMPARABLE.has(column.type) ? `${value}::text` : value;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
