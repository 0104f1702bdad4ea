import { z } from 'zod';
import { maximumOf, optionalText, queryText, requiredText, shownTime, showTime } from '../fields.ts';
import { defineResource } from '../resource.ts';

export const locations = defineResource({
  path: 'locations',
  table: 'locations',
  label: 'location',
  fields: z.object({
    name: requiredText(maximumOf.name),
    address: optionalText(maximumOf.paragraph).optional(),
    phone: optionalText(50).optional(),
    comments: optionalText(maximumOf.text).optional(),
  }),
  shown: z.object({
    id: z.int(),
    name: z.string(),
    address: z.string().nullable(),
    phone: z.string().nullable(),
    comments: z.string().nullable(),
    created_date: shownTime,
    updated_date: shownTime,
  }),
  filters: { name: queryText },
  async present(_scope, rows) {
    return rows.map(({ id, name, address, phone, comments, created_at, updated_at }) => ({
      id,
      name,
      address,
      phone,
      comments,
      created_date: showTime(created_at),
      updated_date: showTime(updated_at),
    }));
  },
});
