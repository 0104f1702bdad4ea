import { z } from 'zod';
import { formatTime } from '../triggers/format.ts';

/** The values that resources are made of: what comes in (checked, completed) and what goes out. */

export const maximumOf = { name: 200, line: 100, paragraph: 1000, text: 10_000 } as const;

export const requiredText = (maximum: number) =>
  z.string().min(1).max(maximum).regex(/\S/, 'must not be blank');

export const optionalText = (maximum: number) => z.string().max(maximum).nullable();

export const email = z
  .string()
  .max(320)
  .regex(/^[^\s@]+@[^\s@]+$/, 'must be an email address')
  .nullable();

export const recordId = z.int().min(1);

const AMOUNT = 'must be an amount from 0 to 9999999999.99 with at most two decimals, such as "150.00"';

/** Money comes as text or as a number, and goes out as text with two decimals. */
export const money = z
  .union(
    [
      z.string().regex(/^\d{1,10}(\.\d{1,2})?$/, AMOUNT),
      z
        .number()
        .min(0)
        .max(9_999_999_999.99)
        .refine((value) => Number(value.toFixed(2)) === value, AMOUNT),
    ],
    { error: AMOUNT },
  )
  .transform((value) => (typeof value === 'number' ? value.toFixed(2) : value))
  .nullable();

const DATE_TIME =
  'must be a date-time such as "2025-11-08T20:30:00Z" (or a date, which is its midnight in UTC)';

export const dateTime = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], { error: DATE_TIME })
  .refine((value) => new Date(value).getUTCFullYear() >= 1, DATE_TIME)
  .transform((value) => new Date(value))
  .meta({ format: 'date-time' });

export const optionalDateTime = dateTime.nullable();

export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be a currency code of three capitals, such as "EUR"');

/** Query parameters are text. */
export const queryId = z.coerce.number<string>().int().min(1).meta({ type: 'integer' });
export const queryBoolean = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .meta({ type: 'boolean' });
export const queryText = z.string().max(320);

export const idParams = z.object({
  id: z
    .string()
    .regex(/^[1-9]\d{0,15}$/)
    .transform(Number)
    .refine(Number.isSafeInteger),
});

export const paging = {
  limit: z.coerce.number<string>().int().min(1).max(200).default(50).describe('At most 200; default 50.'),
  cursor: z.string().max(2000).optional().describe('page.next of the page before.'),
};

/** `created_at[gte]=…` and its kin, as entries of a query's schema. */
export function timeRange<Name extends string>(name: Name, operators = ['gte', 'gt', 'lte', 'lt']) {
  return Object.fromEntries(
    operators.map((operator) => [`${name}[${operator}]`, dateTime.optional()]),
  ) as Record<`${Name}[${'gte' | 'gt' | 'lte' | 'lt'}]`, z.ZodOptional<typeof dateTime>>;
}

/** What goes out. */
export const shownTime = z.string().describe('RFC 3339 in UTC.').meta({ format: 'date-time' });
export const shownMoney = z.string().regex(/^\d+\.\d{2}$/);

export function showTime(date: Date): string;
export function showTime(date: Date | null): string | null;
export function showTime(date: Date | null): string | null {
  return date && formatTime(date);
}

export const page = z.object({ next: z.string().nullable().describe('Null: this is the last page.') });
export const listOf = (item: z.ZodType) => z.object({ data: z.array(item), page });

/** A record's id as JSON: a number where it is one. */
export function showRecordId(id: string): number | string {
  return /^\d{1,15}$/.test(id) ? Number(id) : id;
}
