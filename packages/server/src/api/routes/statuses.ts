import { z } from 'zod';
import { maximumOf, queryBoolean, queryText, requiredText } from '../fields.ts';
import { defineResource } from '../resource.ts';

/** What forms offer as a work item's status. A status that a write brings along is added by itself. */
export const statuses = defineResource({
  path: 'statuses',
  table: 'statuses',
  label: 'status',
  fields: z.object({
    name: requiredText(maximumOf.line),
    position: z.int().min(0).max(1_000_000).optional(),
    is_closed: z.boolean().optional().describe('A work item that enters it gets its closed_date.'),
  }),
  shown: z.object({ id: z.int(), name: z.string(), position: z.int(), is_closed: z.boolean() }),
  filters: { name: queryText, is_closed: queryBoolean },
  async present(_scope, rows) {
    return rows.map(({ id, name, position, is_closed }) => ({ id, name, position, is_closed }));
  },
});
