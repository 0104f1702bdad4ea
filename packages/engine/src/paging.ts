import type { Page } from './engine-api.ts';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;

/** A cursor that no list has given out. */
export class CursorError extends Error {
  constructor() {
    super('the cursor is not one that a list has given out; start again without it');
    this.name = 'CursorError';
  }
}

/** The limit, and the id before which (newest first) the page starts. */
export function readPage(page: Page | undefined): { limit: number; before: number | null } {
  const asked = Math.trunc(page?.limit ?? DEFAULT_LIMIT);
  // it is written into the statement, so it must be a number
  const limit = Number.isNaN(asked) ? DEFAULT_LIMIT : Math.min(Math.max(asked, 1), MAX_LIMIT);
  if (page?.cursor === undefined) return { limit, before: null };
  const text = Buffer.from(page.cursor, 'base64url').toString('utf8');
  const match = /^before:(\d{1,16})$/.exec(text);
  if (!match) throw new CursorError();
  return { limit, before: Number(match[1]) };
}

/** Cuts what was read with `limit + 1` to the page, and makes the cursor of the next. */
export function toPage<Row, T>(
  found: Row[],
  limit: number,
  idOf: (row: Row) => number,
  convert: (row: Row) => T,
): { data: T[]; next: string | null } {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next =
    found.length > limit && last ? Buffer.from(`before:${idOf(last)}`).toString('base64url') : null;
  return { data: page.map(convert), next };
}

/** Collects `column = $n` conditions; every list is one tenant's, so it starts with the tenant. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #texts: string[] = [];

  add(text: (placeholder: string) => string, value: unknown): this {
    if (value === undefined || value === null) return this;
    this.values.push(value);
    this.#texts.push(text(`$${this.values.length}`));
    return this;
  }

  equal(column: string, value: unknown): this {
    return this.add((placeholder) => `${column} = ${placeholder}`, value);
  }

  /** A literal, for what a partial index needs to see. */
  literally(text: string): this {
    this.#texts.push(text);
    return this;
  }

  get where(): string {
    return this.#texts.length === 0 ? 'true' : this.#texts.join(' and ');
  }
}
