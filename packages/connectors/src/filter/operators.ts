/** What an operator does with the value at its path and the operand it was given. */
export interface Operator {
  /** What is wrong with the operand, or null. */
  check(operand: unknown): string | null;
  test(value: unknown, operand: never): boolean;
}

const anything = () => null;
const list = (operand: unknown) => (Array.isArray(operand) ? null : 'takes a list, such as ["New", "Done"]');
const text = (operand: unknown) => (typeof operand === 'string' ? null : 'takes a text');
const comparable = (operand: unknown) =>
  typeof operand === 'number' || typeof operand === 'string' ? null : 'takes a number or a text';

/** The operators of a value; `$and`, `$or` and `$not` hold filters and are known to the compiler. */
export const operators: Record<string, Operator> = {
  $eq: { check: anything, test: (value, operand) => same(value, operand) },
  $ne: { check: anything, test: (value, operand) => !same(value, operand) },
  $in: { check: list, test: isIn },
  $nin: { check: list, test: (value, operand) => !isIn(value, operand) },
  $gt: { check: comparable, test: (value, operand) => compare(value, operand) > 0 },
  $gte: { check: comparable, test: (value, operand) => compare(value, operand) >= 0 },
  $lt: { check: comparable, test: (value, operand) => compare(value, operand) < 0 },
  $lte: { check: comparable, test: (value, operand) => compare(value, operand) <= 0 },
  $exists: {
    check: (operand) => (typeof operand === 'boolean' ? null : 'takes true or false'),
    test: (value, operand) => (value !== undefined) === operand,
  },
  $startsWith: {
    check: text,
    test: (value, operand) => typeof value === 'string' && value.startsWith(operand),
  },
  $endsWith: { check: text, test: (value, operand) => typeof value === 'string' && value.endsWith(operand) },
  $contains: { check: anything, test: contains },
};

/** Equality of JSON values; the order of keys does not matter. A missing value equals nothing. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) &&
        same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}

function isIn(value: unknown, operand: unknown[]): boolean {
  const values = Array.isArray(value) ? [value, ...value] : [value];
  return values.some((one) => operand.some((wanted) => same(one, wanted)));
}

function contains(value: unknown, operand: unknown): boolean {
  if (Array.isArray(value)) return value.some((one) => same(one, operand));
  return typeof value === 'string' && typeof operand === 'string' && value.includes(operand);
}

/** Negative, 0, positive; NaN, which no comparison passes, when the two cannot be compared. */
function compare(value: unknown, operand: number | string): number {
  if (typeof value === 'string' && typeof operand === 'string')
    return value < operand ? -1 : value > operand ? 1 : 0;
  return number(value) - number(operand);
}

/** Money is sent as decimal text: `"120.00"` compares with 100. */
function number(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
}
