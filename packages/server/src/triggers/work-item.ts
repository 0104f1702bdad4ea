import { defineTrigger } from '@signalbox/engine';
import { z } from 'zod';
import { money, time } from './format.ts';
import {
  ASSET,
  CUSTOMER,
  EMPLOYEE,
  LOCATION,
  loadRelated,
  type ShownColumns,
  showChanges,
  shownFields,
} from './relations.ts';
import { dateTime, id, named, payloadSchema, price, text } from './schema.ts';

/** A row of `work_items` as it was captured: Postgres' own JSON of it. */
export interface WorkItemRow {
  id: number;
  tenant_id: number;
  reference_id: string;
  description: string;
  status: string;
  type: string;
  priority: string;
  created_date: string;
  due_date: string | null;
  closed_date: string | null;
  customer_id: number | null;
  owner_id: number | null;
  technician_id: number | null;
  customer_asset_id: number | null;
  dropoff_point_id: number | null;
  estimated_price: number | null;
  final_price: number | null;
  currency: string;
  intake_method: string;
  comments: string | null;
  device_condition: string | null;
  accessories: string | null;
  serial_number: string | null;
  updated_at: string;
}

/** The documented payload: these keys, no more and no less. Receivers were written against it. */
export const workItemPayload = z.strictObject({
  workitem: z.strictObject({
    id,
    reference_id: z.string(),
    description: z.string(),
    status: z.string(),
    type: z.string(),
    priority: z.string(),
    created_date: dateTime,
    due_date: dateTime.nullable(),
    customer: z.strictObject({ id, name: z.string(), email: text }).nullable(),
    owner: named,
    technician: named,
    customer_asset: named,
    estimated_price: price,
    final_price: price,
    dropoff_point: named,
    intake_method: z.string(),
    comments: text,
  }),
});

type Named = { id: number; name: string };

const shown: ShownColumns<WorkItemRow> = {
  times: ['created_date', 'due_date', 'closed_date'],
  money: ['estimated_price', 'final_price'],
  references: {
    customer_id: { as: 'customer', to: CUSTOMER },
    owner_id: { as: 'owner', to: EMPLOYEE },
    technician_id: { as: 'technician', to: EMPLOYEE },
    customer_asset_id: { as: 'customer_asset', to: ASSET },
    dropoff_point_id: { as: 'dropoff_point', to: LOCATION },
  },
};

export const workItemTrigger = defineTrigger<WorkItemRow>({
  model: 'work_item',
  table: 'work_items',
  label: 'Work item',
  ignore: ['updated_at'],
  events: {
    workitem_created: { on: 'create', description: 'A work item was created.' },
    workitem_status_changed: {
      on: 'update',
      columns: ['status'],
      description: "A work item's status changed; `changes.status` has the old and the new one.",
      example: { status: { old: 'New', new: 'In Progress' } },
    },
    workitem_updated: {
      on: 'update',
      description: 'Anything of a work item changed, its status included.',
      example: { final_price: { old: null, new: '150.00' } },
    },
  },
  schema: payloadSchema(workItemPayload),
  sample: {
    workitem: {
      id: 123,
      reference_id: 'RMA-123',
      description: 'iPhone screen repair',
      status: 'New',
      type: 'Chargeable Repair',
      priority: 'Standard',
      created_date: '2025-11-05T20:30:00Z',
      due_date: '2025-11-08T20:30:00Z',
      customer: { id: 45, name: 'John Doe', email: 'john@example.com' },
      owner: { id: 10, name: 'Jane Smith' },
      technician: { id: 12, name: 'Bob Tech' },
      customer_asset: { id: 67, name: 'iPhone 13 Pro' },
      estimated_price: '150.00',
      final_price: null,
      dropoff_point: { id: 5, name: 'Main Store' },
      intake_method: 'walk_in',
      comments: 'Customer reported cracked screen',
    },
  },
  fields: shownFields(shown),
  changes: showChanges(shown),

  async payload(db, events) {
    const rows = events.map((event) => event.new);
    const customers = await loadRelated<Named & { email: string | null }>(
      db,
      CUSTOMER,
      rows.map((row) => row.customer_id),
    );
    const employees = await loadRelated<Named>(
      db,
      EMPLOYEE,
      rows.flatMap((row) => [row.owner_id, row.technician_id]),
    );
    const assets = await loadRelated<Named>(
      db,
      ASSET,
      rows.map((row) => row.customer_asset_id),
    );
    const locations = await loadRelated<Named>(
      db,
      LOCATION,
      rows.map((row) => row.dropoff_point_id),
    );
    return rows.map((row) => ({
      workitem: {
        id: row.id,
        reference_id: row.reference_id,
        description: row.description,
        status: row.status,
        type: row.type,
        priority: row.priority,
        created_date: time(row.created_date),
        due_date: time(row.due_date),
        customer: customers.get(row.customer_id),
        owner: employees.get(row.owner_id),
        technician: employees.get(row.technician_id),
        customer_asset: assets.get(row.customer_asset_id),
        estimated_price: money(row.estimated_price),
        final_price: money(row.final_price),
        dropoff_point: locations.get(row.dropoff_point_id),
        intake_method: row.intake_method,
        comments: row.comments,
      },
    }));
  },
});
