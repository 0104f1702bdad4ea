import { z } from 'zod';

/** Pieces that the payload schemas of several models share. */
export const id = z.int().describe('Unique over all tenants.');
export const text = z.string().nullable();
export const dateTime = z.iso.datetime().describe('RFC 3339 in UTC.');
export const price = z
  .string()
  .regex(/^-?\d+\.\d{2}$/)
  .nullable()
  .describe('A decimal with two places, as text.');
export const named = z.strictObject({ id, name: z.string() }).nullable();

/** JSON Schema (2020-12) of what a trigger's `payload()` returns. */
export function payloadSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return rest;
}
