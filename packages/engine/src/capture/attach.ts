import { type Pool, type Queryable, transaction } from '../database.ts';
import type { TriggerDrift } from '../engine-api.ts';
import { MIGRATION_LOCK } from '../migrate.ts';
import { rows } from '../sql.ts';
import type { TriggerDefinition } from '../trigger.ts';
import {
  CAPTURE_INSERT,
  CAPTURE_PREFIX,
  CAPTURE_UPDATE,
  captureFunction,
  captureSql,
  identifier,
  qualified,
  type TableName,
  type WatchedTable,
} from './capture-sql.ts';

/**
 * Makes the database's capture triggers what the declarations say: attaches what is missing, replaces
 * what differs (a new column is a difference), and detaches models that are declared no more. Returns
 * the models it changed. Safe when several processes start at once.
 */
export async function attachTriggers(pool: Pool, triggers: readonly TriggerDefinition[]): Promise<string[]> {
  return transaction(pool, async (tx) => {
    await tx.query({ text: 'select pg_advisory_xact_lock($1)', values: [MIGRATION_LOCK] });
    const schema = await currentSchema(tx);
    const changed: string[] = [];
    const models = new Map<string, string>();
    for (const trigger of triggers) {
      const table = await findTable(tx, trigger);
      if (!table) throw new Error(missingTable(trigger));
      const other = models.get(qualified(table));
      if (other)
        throw new Error(
          `the triggers "${other}" and "${trigger.model}" watch the same table ${trigger.table}`,
        );
      models.set(qualified(table), trigger.model);
      const { statements, fingerprint } = captureSql(trigger, table, schema);
      if (!(await problemOf(tx, trigger, table, fingerprint, schema))) continue;
      for (const text of statements) await tx.query({ text });
      changed.push(trigger.model);
    }
    changed.push(...(await detachUndeclared(tx, triggers, schema)));
    return changed;
  });
}

/** What differs between the declarations and the database; empty when all is well. */
export async function findDrift(
  db: Queryable,
  triggers: readonly TriggerDefinition[],
): Promise<TriggerDrift[]> {
  const schema = await currentSchema(db);
  const drift: TriggerDrift[] = [];
  for (const trigger of triggers) {
    const table = await findTable(db, trigger);
    const problem = table
      ? await problemOf(db, trigger, table, captureSql(trigger, table, schema).fingerprint, schema)
      : missingTable(trigger);
    if (problem) drift.push({ model: trigger.model, table: trigger.table, problem });
  }
  return drift;
}

function missingTable(trigger: TriggerDefinition): string {
  return `the trigger "${trigger.model}" watches the table ${trigger.table}, which does not exist or lacks a column it names`;
}

async function problemOf(
  db: Queryable,
  trigger: TriggerDefinition,
  table: WatchedTable,
  fingerprint: string,
  schema: string,
): Promise<string | null> {
  const found = await rows<{ target: string; name: string; enabled: string; comment: string | null }>(
    db,
    `select r.target, t.tgname as name, t.tgenabled as enabled, obj_description(t.tgfoid, 'pg_proc') as comment
     from unnest($1::text[]) as r(target)
     join pg_trigger t on t.tgrelid = r.target::regclass and t.tgname = any($2) and not t.tgisinternal`,
    [[table, ...table.parts].map(qualified), [CAPTURE_INSERT, CAPTURE_UPDATE]],
  );
  for (const part of [table, ...table.parts]) {
    const target = part === table ? trigger.table : qualified(part);
    for (const name of [CAPTURE_INSERT, CAPTURE_UPDATE]) {
      const row = found.find((candidate) => candidate.target === qualified(part) && candidate.name === name);
      if (!row) return `${name} is missing on ${target}: its changes are not captured`;
      // D: disabled; R: fires for replicated changes only
      if (row.enabled === 'D' || row.enabled === 'R')
        return `${name} is disabled on ${target}: its changes are not captured`;
      if (row.comment !== `signalbox capture ${fingerprint}`) {
        return `${name} on ${target} was made for another set of columns or another version (schema ${schema})`;
      }
    }
  }
  return null;
}

async function detachUndeclared(
  db: Queryable,
  triggers: readonly TriggerDefinition[],
  schema: string,
): Promise<string[]> {
  const declared = triggers.flatMap((trigger) =>
    (['insert', 'update'] as const).map((operation) => captureFunction(trigger.model, operation)),
  );
  const orphans = await rows<{ name: string }>(
    db,
    `select p.proname as name from pg_proc p
     where p.pronamespace = $1::regnamespace and starts_with(p.proname, $2) and p.proname <> all($3)`,
    [identifier(schema), CAPTURE_PREFIX, declared],
  );
  for (const { name } of orphans) {
    await db.query({ text: `drop function ${identifier(schema)}.${identifier(name)}() cascade` });
  }
  return [
    ...new Set(orphans.map(({ name }) => name.slice(CAPTURE_PREFIX.length).replace(/_(insert|update)$/, ''))),
  ];
}

async function currentSchema(db: Queryable): Promise<string> {
  const [row] = await rows<{ schema: string }>(db, 'select current_schema() as schema');
  return row!.schema;
}

async function findTable(db: Queryable, trigger: TriggerDefinition): Promise<WatchedTable | null> {
  const columns = await rows<{ schema: string; table: string; name: string; isBuiltIn: boolean }>(
    db,
    `select n.nspname as schema, c.relname as table, a.attname as name,
            coalesce(base.typnamespace, t.typnamespace) = 'pg_catalog'::regnamespace as "isBuiltIn"
     from pg_attribute a
     join pg_class c on c.oid = a.attrelid
     join pg_namespace n on n.oid = c.relnamespace
     join pg_type t on t.oid = a.atttypid
     left join pg_type base on base.oid = t.typbasetype
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
     order by a.attnum`,
    [trigger.table],
  );
  const needed = [trigger.key ?? 'id', trigger.tenant ?? 'tenant_id'];
  const first = columns[0];
  if (!first || !needed.every((name) => columns.some((column) => column.name === name))) return null;
  return {
    schema: first.schema,
    name: first.table,
    columns: columns.map(({ name, isBuiltIn }) => ({ name, isBuiltIn })),
    parts: await findParts(db, trigger.table),
  };
}

async function findParts(db: Queryable, table: string): Promise<TableName[]> {
  return rows<{ schema: string; name: string }>(
    db,
    `with recursive part(id) as (
       select inhrelid from pg_inherits where inhparent = to_regclass($1)
       union all
       select i.inhrelid from part join pg_inherits i on i.inhparent = part.id
     )
     select n.nspname as schema, c.relname as name
     from part join pg_class c on c.oid = part.id join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') order by 1, 2`,
    [table],
  );
}
