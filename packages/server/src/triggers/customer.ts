import { defineTrigger } from '@signalbox/engine';
import { z } from 'zod';
import { time } from './format.ts';
import { type ShownColumns, showChanges } from './relations.ts';
import { dateTime, id, payloadSchema, text } from './schema.ts';

/** A row of `customers` as it was captured. */
export interface CustomerRow {
  id: number;
  tenant_id: number;
  name: string;
  email: string | null;
  phone: string | null;
  address: string | null;
  comments: string | null;
  created_at: string;
  updated_at: string;
}

export const customerPayload = z.strictObject({
  customer: z.strictObject({
    id,
    name: z.string(),
    email: text,
    phone: text,
    address: text,
    comments: text,
    created_date: dateTime,
  }),
});

const shown: ShownColumns<CustomerRow> = { times: ['created_at'] };

export const customerTrigger = defineTrigger<CustomerRow>({
  model: 'customer',
  table: 'customers',
  label: 'Customer',
  ignore: ['updated_at'],
  events: {
    customer_created: { on: 'create', description: 'A customer was created.' },
    customer_updated: {
      on: 'update',
      description: 'Anything of a customer changed.',
      example: { phone: { old: null, new: '+1 555 0100' } },
    },
  },
  schema: payloadSchema(customerPayload),
  sample: {
    customer: {
      id: 45,
      name: 'John Doe',
      email: 'john@example.com',
      phone: '+1 555 0100',
      address: '12 Main Street, Springfield',
      comments: null,
      created_date: '2025-11-05T20:30:00Z',
    },
  },
  changes: showChanges(shown),

  async payload(_db, events) {
    return events.map(({ new: row }) => ({
      customer: {
        id: row.id,
        name: row.name,
        email: row.email,
        phone: row.phone,
        address: row.address,
        comments: row.comments,
        created_date: time(row.created_at),
      },
    }));
  },
});
