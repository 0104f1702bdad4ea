import { type Pool, transaction } from '@signalbox/engine';
import { kyselyOn } from '../host/kysely.ts';
import {
  ASSETS,
  CUSTOMERS,
  DEMO_SLUG,
  DEMO_TENANT,
  EMPLOYEES,
  LOCATIONS,
  NOTES,
  TASKS,
  WORK_ITEMS,
} from './story.ts';

/** All lock numbers differ: those of the engine are 7_316_402_911 to 7_316_402_913. */
const SEED_LOCK = 7_316_402_921;
const HOUR_MS = 3_600_000;

/**
 * Fills an empty database with the demo tenant, all of it or nothing. Of several processes that start at
 * once one does it. Returns whether it was this one.
 */
export function seed(pool: Pool, now = new Date()): Promise<boolean> {
  return transaction(pool, async (tx) => {
    await tx.query({ text: 'select pg_advisory_xact_lock($1)', values: [SEED_LOCK] });
    const { rows } = await tx.query({ text: 'select from tenants limit 1' });
    if (rows.length > 0) return false;
    const db = kyselyOn(tx);
    const hours = (count: number) => new Date(now.getTime() + count * HOUR_MS);

    const insertTenant = db.insertInto('tenants').values({ slug: DEMO_SLUG, name: DEMO_TENANT });
    const { id: tenant_id } = await insertTenant.returning('id').executeTakeFirstOrThrow();
    const owned = <Value extends object>(values: readonly Value[]) =>
      values.map((value) => ({ ...value, tenant_id }));
    const ids = (inserted: { id: number }[]) => inserted.map(({ id }) => id);

    const employees = ids(
      await db.insertInto('employees').values(owned(EMPLOYEES)).returning('id').execute(),
    );
    const customers = ids(
      await db.insertInto('customers').values(owned(CUSTOMERS)).returning('id').execute(),
    );
    const locations = ids(
      await db.insertInto('locations').values(owned(LOCATIONS)).returning('id').execute(),
    );
    const devices = ASSETS.map(({ customer, ...asset }) => ({ ...asset, customer_id: customers[customer]! }));
    const assets = ids(await db.insertInto('assets').values(owned(devices)).returning('id').execute());

    const items = WORK_ITEMS.map(({ asset, owner, technician, location, age, due, ...item }) => ({
      ...item,
      customer_id: customers[ASSETS[asset]!.customer]!,
      customer_asset_id: assets[asset]!,
      owner_id: employees[owner]!,
      technician_id: technician === null ? null : employees[technician]!,
      dropoff_point_id: locations[location]!,
      created_date: hours(-age),
      due_date: hours(due),
    }));
    const workItems = ids(await db.insertInto('work_items').values(owned(items)).returning('id').execute());

    const tasks = TASKS.map(({ item, assignee, due, ...task }) => ({
      ...task,
      work_item_id: workItems[item]!,
      assignee_id: employees[assignee]!,
      due_date: hours(due),
    }));
    await db.insertInto('tasks').values(owned(tasks)).execute();
    const notes = NOTES.map(({ item, author, body }) => ({
      model: 'work_item',
      record_id: workItems[item]!,
      author_id: employees[author]!,
      body,
    }));
    await db.insertInto('notes').values(owned(notes)).execute();
    return true;
  });
}
