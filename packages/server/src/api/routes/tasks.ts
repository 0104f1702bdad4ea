import { z } from 'zod';
import type { Row, TenantScope } from '../../host/scope.ts';
import {
  maximumOf,
  optionalDateTime,
  optionalText,
  queryId,
  queryText,
  recordId,
  requiredText,
  shownTime,
  showTime,
  timeRange,
} from '../fields.ts';
import { idAndName, related } from '../related.ts';
import { defineResource } from '../resource.ts';

const fields = z.object({
  title: requiredText(maximumOf.name),
  description: optionalText(maximumOf.text).optional(),
  status: requiredText(maximumOf.line).optional(),
  priority: requiredText(maximumOf.line).optional(),
  due_date: optionalDateTime.optional(),
  completed_date: optionalDateTime.optional(),
  work_item_id: recordId.nullable().optional(),
  assignee_id: recordId.nullable().optional(),
});

const shown = z.object({
  id: z.int(),
  reference_id: z.string(),
  title: z.string(),
  description: z.string().nullable(),
  status: z.string(),
  priority: z.string(),
  created_date: shownTime,
  due_date: shownTime.nullable(),
  completed_date: shownTime.nullable(),
  updated_date: shownTime,
  assignee_id: z.int().nullable(),
  assignee: z.object({ id: z.int(), name: z.string() }).nullable(),
  work_item_id: z.int().nullable(),
  workitem: z.object({ id: z.int(), reference_id: z.string() }).nullable(),
});

export const tasks = defineResource({
  path: 'tasks',
  table: 'tasks',
  label: 'task',
  fields,
  shown,
  filters: {
    reference_id: queryText,
    status: queryText,
    priority: queryText,
    work_item_id: queryId,
    assignee_id: queryId,
    ...timeRange('created_date'),
    ...timeRange('due_date'),
  },
  present: presentTasks,
});

async function presentTasks(scope: TenantScope, rows: Row<'tasks'>[]): Promise<object[]> {
  const assignees = rows.map((row) => row.assignee_id);
  const items = rows.map((row) => row.work_item_id);
  const employee = await related(scope, 'employees', assignees, idAndName);
  const workItem = await related(scope, 'work_items', items, ({ id, reference_id }) => ({
    id,
    reference_id,
  }));

  return rows.map((row) => ({
    id: row.id,
    reference_id: row.reference_id,
    title: row.title,
    description: row.description,
    status: row.status,
    priority: row.priority,
    created_date: showTime(row.created_date),
    due_date: showTime(row.due_date),
    completed_date: showTime(row.completed_date),
    updated_date: showTime(row.updated_at),
    assignee_id: row.assignee_id,
    assignee: employee(row.assignee_id),
    work_item_id: row.work_item_id,
    workitem: workItem(row.work_item_id),
  }));
}
