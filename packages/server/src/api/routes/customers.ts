import { z } from 'zod';
import type { Where } from '../../host/scope.ts';
import {
  email,
  maximumOf,
  optionalText,
  queryText,
  requiredText,
  shownTime,
  showTime,
  timeRange,
} from '../fields.ts';
import { defineResource, renamed, whereOf } from '../resource.ts';

const fields = z.object({
  name: requiredText(maximumOf.name),
  email: email.optional(),
  phone: optionalText(50).optional(),
  address: optionalText(maximumOf.paragraph).optional(),
  comments: optionalText(maximumOf.text).optional(),
});

export const customers = defineResource({
  path: 'customers',
  table: 'customers',
  label: 'customer',
  fields,
  shown: z.object({
    id: z.int(),
    name: z.string(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    address: z.string().nullable(),
    comments: z.string().nullable(),
    created_date: shownTime,
    updated_date: shownTime,
  }),
  filters: { name: queryText, email: queryText, phone: queryText, ...timeRange('created_date') },
  where: (query) => whereOf(renamed(query, 'created_date', 'created_at')) as Where<'customers'>,
  async present(_scope, rows) {
    return rows.map(({ id, name, email, phone, address, comments, created_at, updated_at }) => ({
      id,
      name,
      email,
      phone,
      address,
      comments,
      created_date: showTime(created_at),
      updated_date: showTime(updated_at),
    }));
  },
});
