import type { FieldError } from '../problems.ts';
import { pointer } from './messages.ts';

/** As deep as any body has a reason to be; deeper ones are there to break something. */
export const MAX_DEPTH = 32;

/**
 * What no schema sees: characters that Postgres cannot store (NUL, half of a surrogate pair) anywhere in
 * the input, keys included, and nesting without end.
 */
export function unstorable(input: unknown): FieldError[] {
  const errors: FieldError[] = [];
  visit(input, []);
  return errors;

  function visit(value: unknown, path: PropertyKey[]): void {
    if (errors.length >= 10) return;
    if (typeof value === 'string') {
      const problem = badText(value);
      if (problem) errors.push({ pointer: pointer(path), detail: problem });
    } else if (typeof value === 'object' && value !== null) {
      if (path.length >= MAX_DEPTH) {
        errors.push({ pointer: pointer(path), detail: `must not be nested deeper than ${MAX_DEPTH} levels` });
        return;
      }
      for (const [key, inner] of Object.entries(value)) {
        if (badText(key))
          errors.push({ pointer: pointer(path), detail: 'has a key with characters that cannot be stored' });
        else visit(inner, [...path, key]);
      }
    }
  }
}

function badText(text: string): string | null {
  if (text.includes('\u0000')) return 'must not contain the NUL character (U+0000)';
  if (!text.isWellFormed()) return 'must be well-formed Unicode, got half of a surrogate pair';
  return null;
}
