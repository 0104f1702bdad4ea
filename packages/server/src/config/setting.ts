import type { z } from 'zod';

/** One environment variable: what it means, what it may be, and what it is when absent. */
export interface Setting<T = unknown> {
  description: string;
  /** What the value must be, finishing the sentence "PORT must be …". */
  expected: string;
  /** Turns the text of the environment into the value. */
  schema: z.ZodType<T, string>;
  /** The value when absent, as it would be written. null: there is none. */
  fallback: string | null;
  /** Said instead of the fallback when it needs a sentence. */
  fallbackText?: string;
  unit?: string;
  /** `whole`: never shown. `password`: a URL whose password is not shown. */
  secret?: 'whole' | 'password';
  example?: string;
}

/** Keeps the type of the value with its declaration. */
export function setting<T>(declaration: Setting<T>): Setting<T> {
  return declaration;
}
