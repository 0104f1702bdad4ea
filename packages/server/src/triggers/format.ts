/**
 * Postgres' JSON of a timestamptz (`2025-11-05T20:30:00.12+00:00`) as RFC 3339 in UTC, whole
 * milliseconds, no fraction when there is none. What JavaScript cannot read (`infinity`, years BC) stays
 * as Postgres says it, so that an odd row never blocks its lane.
 */
export function time(value: string | null): string | null {
  if (value === null) return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : formatTime(date);
}

export function formatTime(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

/**
 * A numeric(12, 2) as a decimal string: `"150.00"`. A captured row is JSON, where it is the number 150;
 * twelve digits are exact in a double, so the two decimals come back as they were committed. A wider
 * column would need its text: beyond 2^53 hundredths a double is no longer exact.
 */
export function money(value: number | string | null): string | null {
  if (value === null) return null;
  return typeof value === 'number' ? value.toFixed(2) : value;
}
