import { z } from 'zod';
import type { Row, TenantScope } from '../../host/scope.ts';
import {
  currency,
  maximumOf,
  money,
  optionalDateTime,
  optionalText,
  queryId,
  queryText,
  recordId,
  requiredText,
  shownMoney,
  shownTime,
  showTime,
  timeRange,
} from '../fields.ts';
import { idAndName, related } from '../related.ts';
import { defineResource } from '../resource.ts';

const reference = recordId.nullable().optional();

const fields = z.object({
  description: requiredText(maximumOf.text),
  status: requiredText(maximumOf.line).optional(),
  type: requiredText(maximumOf.line).optional(),
  priority: requiredText(maximumOf.line).optional(),
  due_date: optionalDateTime.optional(),
  closed_date: optionalDateTime.optional(),
  customer_id: reference,
  owner_id: reference,
  technician_id: reference,
  customer_asset_id: reference,
  dropoff_point_id: reference,
  estimated_price: money.optional(),
  final_price: money.optional(),
  currency: currency.optional(),
  intake_method: requiredText(maximumOf.line).optional(),
  comments: optionalText(maximumOf.text).optional(),
  device_condition: optionalText(2000).optional(),
  accessories: optionalText(2000).optional(),
  serial_number: optionalText(maximumOf.line).optional(),
});

const named = z.object({ id: z.int(), name: z.string() }).nullable();
const shownReference = z.int().nullable();

const shown = z.object({
  id: z.int(),
  reference_id: z.string(),
  description: z.string(),
  status: z.string(),
  type: z.string(),
  priority: z.string(),
  created_date: shownTime,
  due_date: shownTime.nullable(),
  closed_date: shownTime.nullable(),
  updated_date: shownTime,
  customer_id: shownReference,
  customer: z.object({ id: z.int(), name: z.string(), email: z.string().nullable() }).nullable(),
  owner_id: shownReference,
  owner: named,
  technician_id: shownReference,
  technician: named,
  customer_asset_id: shownReference,
  customer_asset: named,
  dropoff_point_id: shownReference,
  dropoff_point: named,
  estimated_price: shownMoney.nullable(),
  final_price: shownMoney.nullable(),
  currency: z.string(),
  intake_method: z.string(),
  comments: z.string().nullable(),
  device_condition: z.string().nullable(),
  accessories: z.string().nullable(),
  serial_number: z.string().nullable(),
});

export const workItems = defineResource({
  path: 'work-items',
  table: 'work_items',
  label: 'work item',
  fields,
  shown,
  filters: {
    reference_id: queryText,
    status: queryText,
    type: queryText,
    priority: queryText,
    customer_id: queryId,
    owner_id: queryId,
    technician_id: queryId,
    customer_asset_id: queryId,
    dropoff_point_id: queryId,
    serial_number: queryText,
    ...timeRange('created_date'),
    ...timeRange('due_date'),
    ...timeRange('closed_date'),
  },
  async prepare(scope, { status }) {
    if (status !== undefined) await scope.offerStatus(status);
  },
  present: presentWorkItems,
});

async function presentWorkItems(scope: TenantScope, rows: Row<'work_items'>[]): Promise<object[]> {
  const of = (column: 'customer_id' | 'customer_asset_id' | 'dropoff_point_id') =>
    rows.map((row) => row[column]);
  const people = rows.flatMap((row) => [row.owner_id, row.technician_id]);
  const customer = await related(scope, 'customers', of('customer_id'), ({ id, name, email }) => ({
    id,
    name,
    email,
  }));
  const employee = await related(scope, 'employees', people, idAndName);
  const asset = await related(scope, 'assets', of('customer_asset_id'), idAndName);
  const location = await related(scope, 'locations', of('dropoff_point_id'), idAndName);

  return rows.map((row) => ({
    id: row.id,
    reference_id: row.reference_id,
    description: row.description,
    status: row.status,
    type: row.type,
    priority: row.priority,
    created_date: showTime(row.created_date),
    due_date: showTime(row.due_date),
    closed_date: showTime(row.closed_date),
    updated_date: showTime(row.updated_at),
    customer_id: row.customer_id,
    customer: customer(row.customer_id),
    owner_id: row.owner_id,
    owner: employee(row.owner_id),
    technician_id: row.technician_id,
    technician: employee(row.technician_id),
    customer_asset_id: row.customer_asset_id,
    customer_asset: asset(row.customer_asset_id),
    dropoff_point_id: row.dropoff_point_id,
    dropoff_point: location(row.dropoff_point_id),
    estimated_price: row.estimated_price,
    final_price: row.final_price,
    currency: row.currency,
    intake_method: row.intake_method,
    comments: row.comments,
    device_condition: row.device_condition,
    accessories: row.accessories,
    serial_number: row.serial_number,
  }));
}
