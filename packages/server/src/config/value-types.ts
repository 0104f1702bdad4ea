import { isIP } from 'node:net';
import { z } from 'zod';

/** Text that must be a whole number within bounds. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
}

/** Comma separated `10.0.0.0/8` or single addresses. */
export function cidrList(): z.ZodType<string[], string> {
  return z
    .string()
    .transform((text) => splitList(text))
    .refine((entries) => entries.every(isCidr));
}

/** A URL of one of these protocols, given without the colon. */
export function urlOf(...protocols: string[]): z.ZodType<string, string> {
  return z.string().refine((text) => {
    const url = URL.parse(text);
    return url !== null && protocols.includes(url.protocol.slice(0, -1));
  });
}

export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function isCidr(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
