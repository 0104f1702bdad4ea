import { InvalidArgumentError } from 'commander';

/** `--limit 20`. */
export function count(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

export function commaList(text: string): string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.every((entry) => entry !== '')) return entries;
  throw new InvalidArgumentError('Expected names separated by commas.');
}

/** `--header 'X-API-Key: abc'`, repeatable. */
export function header(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf(':');
  const name = text.slice(0, at).trim();
  if (at > 0 && /^[\w!#$%&'*+.^`|~-]+$/.test(name)) return { ...before, [name]: text.slice(at + 1).trim() };
  throw new InvalidArgumentError("Expected 'Name: value'.");
}

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `--since 2h`, `30m`, `7d`, or a date: a moment in the past. */
export function since(text: string): Date {
  const [, amount, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return new Date(Date.now() - Number(amount) * UNITS[unit]!);
  const date = new Date(text);
  if (/^\d{4}-/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('Expected an age such as 30m, 2h or 7d, or a date such as 2026-05-01.');
}
