import { z } from 'zod';
import type { TenantTable, Where } from '../../host/scope.ts';
import {
  maximumOf,
  queryBoolean,
  queryId,
  queryText,
  recordId,
  requiredText,
  shownTime,
  showTime,
  timeRange,
} from '../fields.ts';
import { invalidBody } from '../problems.ts';
import { idAndName, related } from '../related.ts';
import { defineResource, whereOf } from '../resource.ts';

/** The models whose records can have notes, and their tables. */
const TABLES = {
  work_item: 'work_items',
  task: 'tasks',
  customer: 'customers',
  employee: 'employees',
  asset: 'assets',
  location: 'locations',
} as const satisfies Record<string, TenantTable>;

const models = Object.keys(TABLES) as [keyof typeof TABLES];

export const notes = defineResource({
  path: 'notes',
  table: 'notes',
  label: 'note',
  fields: z.object({
    model: z.enum(models),
    record_id: recordId,
    body: requiredText(maximumOf.text),
    author_id: recordId.nullable().optional().describe('An employee; null: the system.'),
  }),
  // A note stays on its record.
  changeable: ['body', 'author_id'],
  shown: z.object({
    id: z.int(),
    model: z.string(),
    record_id: z.int(),
    body: z.string(),
    author: z.object({ id: z.int(), name: z.string() }).nullable().describe('Null: the system.'),
    author_id: z.int().nullable(),
    sync_id: z.int().nullable().describe('The sync whose outcome this is.'),
    outcome: z.enum(['synced', 'failed']).nullable(),
    created_at: shownTime,
    updated_at: shownTime,
  }),
  filters: {
    model: queryText,
    record_id: queryId,
    author_id: queryId,
    sync_id: queryId,
    outcome: z.enum(['synced', 'failed']),
    is_outcome: queryBoolean.describe('false hides the notes that tell what came of syncs.'),
    ...timeRange('created_at'),
  },
  where({ is_outcome, outcome, ...query }) {
    const outcomes = is_outcome === undefined ? outcome : is_outcome ? ['synced', 'failed'] : null;
    return whereOf({ ...query, outcome: outcome ?? outcomes }) as Where<'notes'>;
  },
  async prepare(scope, { model, record_id }) {
    if (model === undefined || record_id === undefined) return;
    const record = await scope.find(TABLES[model as keyof typeof TABLES], record_id);
    const detail = `must be the id of an existing ${model.replaceAll('_', ' ')}, got ${record_id}`;
    if (!record) throw invalidBody([{ pointer: '/record_id', detail }]);
  },
  async present(scope, rows) {
    const author = await related(
      scope,
      'employees',
      rows.map((row) => row.author_id),
      idAndName,
    );
    return rows.map((row) => ({
      id: row.id,
      model: row.model,
      record_id: row.record_id,
      body: row.body,
      author: author(row.author_id),
      author_id: row.author_id,
      sync_id: row.sync_id,
      outcome: row.outcome,
      created_at: showTime(row.created_at),
      updated_at: showTime(row.updated_at),
    }));
  },
});
