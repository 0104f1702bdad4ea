import { z } from 'zod';
import {
  email,
  maximumOf,
  optionalText,
  queryBoolean,
  queryText,
  requiredText,
  shownTime,
  showTime,
} from '../fields.ts';
import { defineResource } from '../resource.ts';

export const employees = defineResource({
  path: 'employees',
  table: 'employees',
  label: 'employee',
  fields: z.object({
    name: requiredText(maximumOf.name),
    email: email.optional(),
    phone: optionalText(50).optional(),
    is_active: z.boolean().optional(),
  }),
  shown: z.object({
    id: z.int(),
    name: z.string(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    is_active: z.boolean(),
    created_date: shownTime,
    updated_date: shownTime,
  }),
  filters: { name: queryText, email: queryText, is_active: queryBoolean },
  async present(_scope, rows) {
    return rows.map(({ id, name, email, phone, is_active, created_at, updated_at }) => ({
      id,
      name,
      email,
      phone,
      is_active,
      created_date: showTime(created_at),
      updated_date: showTime(updated_at),
    }));
  },
});
