import { defineTrigger } from '@signalbox/engine';
import { z } from 'zod';
import { time } from './format.ts';
import {
  EMPLOYEE,
  loadRelated,
  type ShownColumns,
  showChanges,
  shownFields,
  WORK_ITEM,
} from './relations.ts';
import { dateTime, id, named, payloadSchema, text } from './schema.ts';

/** A row of `tasks` as it was captured. */
export interface TaskRow {
  id: number;
  tenant_id: number;
  reference_id: string;
  title: string;
  description: string | null;
  status: string;
  priority: string;
  created_date: string;
  due_date: string | null;
  completed_date: string | null;
  work_item_id: number | null;
  assignee_id: number | null;
  updated_at: string;
}

export const taskPayload = z.strictObject({
  task: z.strictObject({
    id,
    reference_id: z.string(),
    title: z.string(),
    description: text,
    status: z.string(),
    priority: z.string(),
    created_date: dateTime,
    due_date: dateTime.nullable(),
    completed_date: dateTime.nullable(),
    assignee: named,
    workitem: z.strictObject({ id, reference_id: z.string() }).nullable(),
  }),
});

const shown: ShownColumns<TaskRow> = {
  times: ['created_date', 'due_date', 'completed_date'],
  references: {
    work_item_id: { as: 'workitem', to: WORK_ITEM },
    assignee_id: { as: 'assignee', to: EMPLOYEE },
  },
};

export const taskTrigger = defineTrigger<TaskRow>({
  model: 'task',
  table: 'tasks',
  label: 'Task',
  ignore: ['updated_at'],
  events: {
    task_created: { on: 'create', description: 'A task was created.' },
    task_status_changed: {
      on: 'update',
      columns: ['status'],
      description: "A task's status changed; `changes.status` has the old and the new one.",
      example: { status: { old: 'New', new: 'In Progress' } },
    },
    task_updated: {
      on: 'update',
      description: 'Anything of a task changed, its status included.',
      example: { priority: { old: 'Standard', new: 'Urgent' } },
    },
  },
  schema: payloadSchema(taskPayload),
  sample: {
    task: {
      id: 31,
      reference_id: 'T-31',
      title: 'Order a replacement screen',
      description: 'OLED, black',
      status: 'New',
      priority: 'Standard',
      created_date: '2025-11-05T20:35:00Z',
      due_date: '2025-11-06T16:00:00Z',
      completed_date: null,
      assignee: { id: 12, name: 'Bob Tech' },
      workitem: { id: 123, reference_id: 'RMA-123' },
    },
  },
  fields: shownFields(shown),
  changes: showChanges(shown),

  async payload(db, events) {
    const rows = events.map((event) => event.new);
    const employees = await loadRelated<{ id: number; name: string }>(
      db,
      EMPLOYEE,
      rows.map((row) => row.assignee_id),
    );
    const workItems = await loadRelated<{ id: number; reference_id: string }>(
      db,
      WORK_ITEM,
      rows.map((row) => row.work_item_id),
    );
    return rows.map((row) => ({
      task: {
        id: row.id,
        reference_id: row.reference_id,
        title: row.title,
        description: row.description,
        status: row.status,
        priority: row.priority,
        created_date: time(row.created_date),
        due_date: time(row.due_date),
        completed_date: time(row.completed_date),
        assignee: employees.get(row.assignee_id),
        workitem: workItems.get(row.work_item_id),
      },
    }));
  },
});
