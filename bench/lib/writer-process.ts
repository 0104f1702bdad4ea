import pg from 'pg';
import { serve } from './remote.ts';

/**
 * The application that writes, in a process of its own: one work item a transaction, on 16 connections. It brings
 * the reference id along, because the trigger that makes one costs more than capture and would hide it.
 */
const CONNECTIONS = 16;
const INSERT = {
  name: 'insert_work_item',
  text: `insert into work_items (tenant_id, description, comments, customer_id, estimated_price, status, reference_id)
         values ($1, $2, $3, $4, $5, $6, $7) returning id`,
};

let clients: pg.Client[] = [];
let written = 0;
let customers: { id: string; tenant_id: string }[] = [];

const handlers = {
  async open(databaseUrl: string) {
    clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: databaseUrl }));
    await Promise.all(clients.map((client) => client.connect()));
    customers = (await clients[0]!.query('select id, tenant_id from customers order by id')).rows;
  },
  async insert(count: number) {
    let left = count;
    const write = async (client: pg.Client) => {
      while (left > 0) await client.query({ ...INSERT, values: workItem(left--) });
    };
    await Promise.all(clients.map(write));
  },
  async close() {
    await Promise.all(clients.map((client) => client.end()));
  },
};
export type WriterHandlers = typeof handlers;

function workItem(n: number): unknown[] {
  const { id, tenant_id } = customers[n % customers.length]!;
  const description = 'The screen is cracked and half of it does not answer; the battery is weak.';
  return [tenant_id, description, 'x'.repeat(380), id, '189.00', 'New', `B-${++written}`];
}

serve(handlers);
