import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Changes, NewRow, Row, TenantScope, TenantTable, Where, WriteScope } from '../host/scope.ts';
import type { Api, Services } from './api.ts';
import { decodeIdCursor, encodeCursor } from './cursor.ts';
import { idParams, listOf, paging } from './fields.ts';
import { notFound, Problem } from './problems.ts';
import { contextOf, write } from './write.ts';

/** A host table as a REST resource: list, read, create, change, delete. */
export interface Resource<T extends TenantTable> {
  /** In the address: `work-items`. */
  path: string;
  table: T;
  /** For sentences: `work item`. */
  label: string;
  /** What a create takes; a change takes the same, all optional. Names are the table's columns. */
  fields: z.ZodObject;
  /** The fields that a change may have. Default: all. */
  changeable?: string[];
  /** What goes out. */
  shown: z.ZodType;
  /** Query parameters beside limit, cursor and order: columns, or `column[gte]`. */
  filters: Record<string, z.ZodType>;
  /** Rows as they go out; relations are loaded once for all of them. */
  present(scope: TenantScope, rows: Row<T>[]): Promise<object[]>;
  /** Runs in the transaction before a create or change. */
  prepare?(scope: WriteScope, values: Partial<Row<T>>): Promise<void>;
  /** Query parameters that are no column. */
  where?(query: Record<string, unknown>): Where<T>;
}

export function defineResource<T extends TenantTable>(resource: Resource<T>) {
  return (app: Api, { host }: Services): void => {
    const { path, table, label, shown } = resource;
    const create = resource.fields.strict();
    const change = pick(resource.fields, resource.changeable).partial().strict();
    const query = z.strictObject({
      ...paging,
      order: z.enum(['asc', 'desc']).default('desc').describe('By id: newest first (desc) or oldest first.'),
      ...Object.fromEntries(
        Object.entries(resource.filters).map(([name, schema]) => [name, schema.optional()]),
      ),
    });
    const tags = [path];
    const one = async (scope: TenantScope, row: Row<T> | undefined) => {
      if (!row) throw notFound(`such ${label}`);
      return (await resource.present(scope, [row]))[0] as object;
    };

    app.get(
      `/${path}`,
      { schema: { tags, querystring: query, response: { 200: listOf(shown) } } },
      async (request) => {
        const scope = host.scope(request.caller.tenant.id);
        const { limit, cursor, order, ...filters } = request.query as Query;
        const after = decodeIdCursor(path, cursor);
        const where = resource.where?.(filters) ?? whereOf(filters);
        // One more than asked for says whether there is a next page.
        const rows = await scope.list(table, { where: where as Where<T>, order, after, limit: limit + 1 });
        const shownRows = rows.slice(0, limit);
        const next = rows.length > limit ? encodeCursor(path, idOf(shownRows.at(-1)!)) : null;
        return { data: await resource.present(scope, shownRows), page: { next } };
      },
    );

    app.get(
      `/${path}/:id`,
      { schema: { tags, params: idParams, response: { 200: shown } } },
      async (request, reply) => {
        const scope = host.scope(request.caller.tenant.id);
        const row = await scope.find(table, request.params.id);
        const body = await one(scope, row);
        return reply.header('etag', etag(row)).send(body);
      },
    );

    app.post(`/${path}`, { schema: { tags, body: create, response: { 201: shown } } }, (request, reply) =>
      write(host, request, reply, 201, async (scope) => {
        const values = request.body as Partial<Row<T>>;
        await resource.prepare?.(scope, values);
        const row = await scope.insert(table, values as unknown as NewRow<T>);
        reply.headers({ etag: etag(row), location: `/api/v1/${path}/${idOf(row)}` });
        return one(scope, row);
      }),
    );

    app.patch(
      `/${path}/:id`,
      { schema: { tags, params: idParams, body: change, response: { 200: shown } } },
      (request, reply) =>
        write(host, request, reply, 200, async (scope) => {
          const values = request.body as Partial<Row<T>>;
          const before = await scope.find(table, request.params.id, { lock: true });
          if (!before) throw notFound(`such ${label}`);
          checkUnchanged(request, before);
          await resource.prepare?.(scope, values);
          const row = await scope.update(table, request.params.id, values as unknown as Changes<T>);
          reply.header('etag', etag(row));
          return one(scope, row);
        }),
    );

    app.delete(
      `/${path}/:id`,
      { schema: { tags, params: idParams, response: { 204: z.null().describe('Deleted.') } } },
      async (request, reply) => {
        const { caller, params } = request;
        await host.write(caller.tenant.id, contextOf(caller), async (scope) => {
          if (!(await scope.delete(table, params.id))) throw notFound(`such ${label}`);
        });
        return reply.code(204).send(null);
      },
    );
  };
}

function pick(fields: z.ZodObject, names: string[] | undefined): z.ZodObject {
  return names ? fields.pick(Object.fromEntries(names.map((name) => [name, true])) as never) : fields;
}

const idOf = (row: object) => (row as { id: number }).id;

type Query = { limit: number; cursor?: string; order: 'asc' | 'desc' } & Record<string, unknown>;

/** `{status: 'New', 'due_date[lt]': …}` as conditions on columns. */
export function whereOf(filters: Record<string, unknown>): Record<string, unknown> {
  const where: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(filters)) {
    const [, column, operator] = /^(\w+)(?:\[(\w+)\])?$/.exec(name) ?? [];
    if (!column || value === undefined) continue;
    where[column] = operator ? { ...(where[column] as object), [operator]: value } : value;
  }
  return where;
}

/** A query's parameters on `shown`, as conditions on the column behind it. */
export function renamed(query: Record<string, unknown>, shown: string, column: string) {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name.replace(`${shown}[`, `${column}[`), value]),
  );
}

/** Changes with every change of the row, so that If-Match finds out about somebody else's. */
function etag(row: object | undefined): string {
  const hash = createHash('sha256').update(JSON.stringify(row)).digest('base64url');
  return `"${hash.slice(0, 22)}"`;
}

function checkUnchanged(request: FastifyRequest, row: object): void {
  const expected = request.headers['if-match'];
  if (expected === undefined || expected === '*') return;
  const current = etag(row);
  const given = expected.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (given.includes(current)) return;
  throw new Problem(
    'changed-meanwhile',
    `It is ${current} now, not ${expected}. Read it again, then change it.`,
  );
}
