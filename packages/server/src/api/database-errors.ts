import { invalidBody, Problem } from './problems.ts';

/** The parts of an error of `pg` that say what the database refused. */
interface DatabaseError {
  code: string;
  constraint?: string;
  table?: string;
  column?: string;
  message: string;
}

const UNAVAILABLE =
  /^(08|57P0|53)|^(57014|40001|40P01|55P03)$|^(ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EPIPE|EAI_AGAIN)$/;

/** Values that do not fit their type, wherever they came from. */
const BAD_VALUE = /^22/;

/**
 * What a refusal of the database means to whoever sent the request; null when it is our own mistake.
 * Constraints are named `<table>_<column>_<kind>`, so the name says which field it was.
 */
export function databaseProblem(error: unknown, method: string): Problem | null {
  const { code, constraint, table, column, message } = error as DatabaseError;
  if (typeof code !== 'string') return null;
  const field = column ?? fieldOf(table, constraint);
  const refuse = (detail: string) => invalidBody([{ pointer: field ? `/${field}` : '', detail }]);

  switch (code) {
    case '23505':
      return new Problem('already-exists', `There is one with the same ${field || 'value'} already.`, {
        errors: [{ pointer: field ? `/${field}` : '', detail: 'is taken already' }],
        cause: error,
      });
    case '23503':
      if (method !== 'DELETE') return refuse('must be the id of an existing record of this tenant');
      return new Problem(
        'still-referenced',
        `It cannot be deleted, because ${(table ?? 'others').replaceAll('_', ' ')} refer to it (${field}).`,
        { cause: error },
      );
    case '23502':
      return refuse('is required');
    case '23514':
      return refuse('is outside of what is allowed');
    default:
      if (BAD_VALUE.test(code)) return refuse(`cannot be stored: ${message}`);
      if (!UNAVAILABLE.test(code)) return null;
      return new Problem('unavailable', 'The database cannot be reached right now. Try again in a moment.', {
        headers: { 'retry-after': '2' },
        cause: error,
      });
  }
}

function fieldOf(table: string | undefined, constraint: string | undefined): string | undefined {
  if (!table || !constraint?.startsWith(`${table}_`)) return undefined;
  return constraint.slice(table.length + 1).replace(/_(fk|check|unique)$/, '');
}
