import type { ChangeContext, Engine, Queryable } from '@signalbox/engine';
import { transaction } from '@signalbox/engine';
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely';
import { type Answer, storeAnswer } from './idempotency.ts';
import { kyselyOn } from './kysely.ts';
import type { Database } from './schema.ts';

/** Tables whose rows belong to a tenant. */
export type TenantTable =
  | 'statuses'
  | 'customers'
  | 'employees'
  | 'assets'
  | 'locations'
  | 'work_items'
  | 'tasks'
  | 'notes';

export type Row<T extends TenantTable> = Selectable<Database[T]>;
export type NewRow<T extends TenantTable> = Omit<Insertable<Database[T]>, 'tenant_id' | 'id'>;
export type Changes<T extends TenantTable> = Omit<Updateable<Database[T]>, 'tenant_id' | 'id'>;

/** Conditions on columns, all of which must hold. An array means: one of these. */
export type Where<T extends TenantTable> = {
  [C in keyof Row<T> & string]?: Row<T>[C] | readonly Row<T>[C][] | Range<Row<T>[C]>;
};

export interface Range<Value> {
  gte?: Value;
  gt?: Value;
  lte?: Value;
  lt?: Value;
}

export interface ListOptions<T extends TenantTable> {
  where?: Where<T>;
  /** Newest first (`desc`, the default) or oldest first, by id. */
  order?: 'asc' | 'desc';
  /** The id after which to go on. */
  after?: number | undefined;
  limit: number;
}

/**
 * All that the API can do with the database: whole operations on rows of one tenant. There is no query
 * builder in it, because a builder joins or sub-selects a table and nobody sees that the condition on
 * the tenant is missing there. What is not possible here gets an operation here.
 */
export interface TenantScope {
  readonly tenantId: number;
  find<T extends TenantTable>(
    table: T,
    id: number,
    options?: { lock?: boolean },
  ): Promise<Row<T> | undefined>;
  /** By id; those that do not exist are left out. */
  findMany<T extends TenantTable>(table: T, ids: readonly number[]): Promise<Map<number, Row<T>>>;
  list<T extends TenantTable>(table: T, options: ListOptions<T>): Promise<Row<T>[]>;
  insert<T extends TenantTable>(table: T, values: NewRow<T>): Promise<Row<T>>;
  update<T extends TenantTable>(table: T, id: number, changes: Changes<T>): Promise<Row<T> | undefined>;
  delete(table: TenantTable, id: number): Promise<boolean>;
  /** Adds a status to the tenant's list unless it is there. */
  offerStatus(name: string): Promise<void>;
}

export interface Host {
  /** Reads of one tenant, each on its own. */
  scope(tenantId: number): TenantScope;
  /**
   * One transaction of one tenant. The changes it makes carry `context`; after the commit the engine is
   * told that there may be something to dispatch.
   */
  write<T>(tenantId: number, context: ChangeContext, work: (scope: WriteScope) => Promise<T>): Promise<T>;
  /** The door to what belongs to no tenant: accounts, commands. Never for the API's routes. */
  acrossTenants<T>(work: (db: Kysely<Database>) => Promise<T>): Promise<T>;
}

/** A scope inside a transaction. */
export interface WriteScope extends TenantScope {
  /** Keeps what a request with an Idempotency-Key is answered, in the transaction that did its work. */
  rememberAnswer(key: string, answer: Answer): Promise<void>;
}

export function createHost(engine: Pick<Engine, 'pool' | 'setContext' | 'wake'>): Host {
  const db = kyselyOn(engine.pool);
  return {
    scope: (tenantId) => scopeOn(db, tenantId),
    acrossTenants: (work) => work(db),
    async write(tenantId, context, work) {
      const result = await transaction(engine.pool, async (tx) => {
        await engine.setContext(tx, context);
        return work(writeScopeOn(tx, tenantId));
      });
      engine.wake('changes');
      return result;
    },
  };
}

function writeScopeOn(tx: Queryable, tenantId: number): WriteScope {
  const db = kyselyOn(tx);
  return {
    ...scopeOn(db, tenantId),
    rememberAnswer: (key, answer) => storeAnswer(db, { tenantId, key }, answer),
  };
}

/**
 * Kysely cannot type a table that is a parameter (every column is then a union of all tables'), so in
 * here the table is one of them all, and the interface above is what callers are held to.
 */
function scopeOn(kysely: Kysely<Database>, tenantId: number): TenantScope {
  const db = kysely as unknown as Kysely<Record<TenantTable, Record<string, unknown>>>;
  const scope = {
    tenantId,

    async find(table: TenantTable, id: number, options?: { lock?: boolean }) {
      let query = db.selectFrom(table).selectAll().where('tenant_id', '=', tenantId).where('id', '=', id);
      if (options?.lock) query = query.forUpdate();
      return query.executeTakeFirst();
    },

    async findMany(table: TenantTable, ids: readonly number[]) {
      const wanted = [...new Set(ids)];
      if (wanted.length === 0) return new Map();
      const query = db.selectFrom(table).selectAll().where('tenant_id', '=', tenantId);
      const rows = await query.where('id', 'in', wanted).execute();
      return new Map(rows.map((row) => [row.id, row]));
    },

    async list(table: TenantTable, { where, order = 'desc', after, limit }: ListOptions<TenantTable>) {
      let query = db.selectFrom(table).selectAll().where('tenant_id', '=', tenantId);
      for (const [column, operator, value] of conditions(where ?? {})) {
        query = query.where(column, operator, value);
      }
      if (after !== undefined) query = query.where('id', order === 'desc' ? '<' : '>', after);
      return query.orderBy('id', order).limit(limit).execute();
    },

    async insert(table: TenantTable, values: object) {
      const row = { ...values, tenant_id: tenantId };
      return db.insertInto(table).values(row).returningAll().executeTakeFirstOrThrow();
    },

    async update(table: TenantTable, id: number, changes: object) {
      if (Object.keys(changes).length === 0) return scope.find(table, id);
      const query = db
        .updateTable(table)
        .set({ ...changes })
        .where('tenant_id', '=', tenantId);
      return query.where('id', '=', id).returningAll().executeTakeFirst();
    },

    async delete(table: TenantTable, id: number) {
      const query = db.deleteFrom(table).where('tenant_id', '=', tenantId).where('id', '=', id);
      return Number((await query.executeTakeFirst()).numDeletedRows) > 0;
    },

    async offerStatus(name: string) {
      const known = await kysely
        .selectFrom('statuses')
        .select('id')
        .where('tenant_id', '=', tenantId)
        .where('name', '=', name)
        .executeTakeFirst();
      if (known) return;
      await kysely
        .insertInto('statuses')
        .columns(['tenant_id', 'name', 'position'])
        .expression((from) =>
          from
            .selectFrom('statuses')
            .where('tenant_id', '=', tenantId)
            .select((column) => [
              column.val(tenantId).as('tenant_id'),
              column.val(name).as('name'),
              column(column.fn.coalesce(column.fn.max('position'), column.lit(0)), '+', column.lit(1)).as(
                'position',
              ),
            ]),
        )
        .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doNothing())
        .execute();
    },
  };
  return scope as unknown as TenantScope;
}

type Operator = '=' | 'in' | '>=' | '>' | '<=' | '<' | 'is';
const RANGE: Record<string, Operator> = { gte: '>=', gt: '>', lte: '<=', lt: '<' };

function conditions(where: object): [string, Operator, unknown][] {
  return Object.entries(where).flatMap(([column, value]): [string, Operator, unknown][] => {
    if (value === undefined) return [];
    if (value === null) return [[column, 'is', null]];
    if (Array.isArray(value)) return [[column, 'in', value]];
    if (typeof value !== 'object' || value instanceof Date) return [[column, '=', value]];
    return Object.entries(value as object)
      .filter(([, bound]) => bound !== undefined)
      .map(([name, bound]) => [column, RANGE[name] as Operator, bound]);
  });
}
