import { didYouMean } from '@signalbox/engine';
import type { z } from 'zod';
import type { FieldError } from '../problems.ts';
import { knownKeys } from './known-keys.ts';

type Issue = z.core.$ZodIssue;

/** A part of the body whose values must not be repeated in an answer. */
const SECRET = new Set(['auth', 'headers', 'signing', 'secret']);

const EXPECTED: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
  date: 'a date-time',
};

/** What is wrong, in words: what was expected and what came. One issue can be several errors. */
export function fieldErrors(schema: z.ZodType, issues: readonly Issue[], input: unknown): FieldError[] {
  // An unknown key first: the required one that is missing is often the same mistake.
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys');
  const others = issues.filter((issue) => issue.code !== 'unrecognized_keys');
  return [...unknown, ...others].flatMap((issue) => describe(schema, issue, issue.path, input));
}

export function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function describe(schema: z.ZodType, issue: Issue, path: PropertyKey[], input: unknown): FieldError[] {
  const value = valueAt(input, path);
  const at = pointer(path);
  const got = SECRET.has(String(path[0])) ? kind(value) : shown(value);
  const one = (detail: string): FieldError[] => [{ pointer: at, detail }];

  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(schema, path, input);
      return issue.keys.map((key) => ({
        pointer: pointer([...path, key]),
        detail: `is not a known field.${didYouMean(key, known) || ` Known are: ${known.join(', ')}.`}`,
      }));
    }
    case 'invalid_type': {
      const expected = EXPECTED[issue.expected] ?? issue.expected;
      if (value === undefined) return one(`is required and must be ${expected}`);
      return one(`must be ${expected}, got ${got}`);
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (value === undefined) return one(`is required and must be one of ${values.join(', ')}`);
      const hint = typeof value === 'string' ? didYouMean(value, values) : '';
      const choice = values.length === 1 ? values[0] : `one of ${values.join(', ')}`;
      return one(`must be ${choice}, got ${got}${hint && `.${hint}`}`);
    }
    case 'too_big':
      return one(bound('at most', issue.origin, issue.maximum, value, got));
    case 'too_small':
      return one(bound('at least', issue.origin, issue.minimum, value, got));
    case 'invalid_union':
      return union(schema, issue, path, input) ?? one(`${issue.message}, got ${got}`);
    default:
      return one(`${issue.message}, got ${got}`);
  }
}

/** The branch that came closest, unless the schema has a sentence of its own for the whole union. */
function union(
  schema: z.ZodType,
  issue: z.core.$ZodIssueInvalidUnion,
  path: PropertyKey[],
  input: unknown,
): FieldError[] | null {
  if (issue.message !== 'Invalid input') return null;
  const objects = issue.errors.filter((branch) => !branch.some(isWrongBranch));
  const [closest] = (objects.length > 0 ? objects : issue.errors).toSorted((a, b) => a.length - b.length);
  if (!closest || closest.length === 0) return null;
  return closest.flatMap((inner) => describe(schema, inner, [...path, ...inner.path], input));
}

function isWrongBranch(issue: Issue): boolean {
  return issue.code === 'invalid_value' || (issue.code === 'invalid_type' && issue.path.length === 0);
}

function bound(what: string, origin: string, limit: number | bigint, value: unknown, got: string): string {
  const count = Number(limit).toLocaleString('en');
  if (origin === 'string') {
    if (what === 'at least' && limit === 1) return 'must not be empty';
    return `must be ${what} ${count} characters, got ${(value as string).length.toLocaleString('en')}`;
  }
  if (origin === 'array' && Array.isArray(value)) {
    return `must have ${what} ${count} ${limit === 1 ? 'entry' : 'entries'}, got ${value.length}`;
  }
  return `must be ${what} ${count}, got ${got}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return kind(value);
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}

function kind(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'an object' : (EXPECTED[typeof value] ?? typeof value);
}
