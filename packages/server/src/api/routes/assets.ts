import { z } from 'zod';
import {
  maximumOf,
  optionalText,
  queryId,
  queryText,
  recordId,
  requiredText,
  shownTime,
  showTime,
} from '../fields.ts';
import { defineResource } from '../resource.ts';

/** A customer's device. */
export const assets = defineResource({
  path: 'assets',
  table: 'assets',
  label: 'asset',
  fields: z.object({
    name: requiredText(maximumOf.name),
    kind: optionalText(maximumOf.line).optional(),
    manufacturer: optionalText(maximumOf.line).optional(),
    model: optionalText(maximumOf.line).optional(),
    serial_number: optionalText(maximumOf.line).optional(),
    customer_id: recordId.nullable().optional(),
  }),
  shown: z.object({
    id: z.int(),
    name: z.string(),
    kind: z.string().nullable(),
    manufacturer: z.string().nullable(),
    model: z.string().nullable(),
    serial_number: z.string().nullable(),
    customer_id: z.int().nullable(),
    created_date: shownTime,
    updated_date: shownTime,
  }),
  filters: { name: queryText, kind: queryText, serial_number: queryText, customer_id: queryId },
  async present(_scope, rows) {
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      kind: row.kind,
      manufacturer: row.manufacturer,
      model: row.model,
      serial_number: row.serial_number,
      customer_id: row.customer_id,
      created_date: showTime(row.created_at),
      updated_date: showTime(row.updated_at),
    }));
  },
});
