/** No destination may ask for more: 24 hours. */
export const maxRetryAfterMs = 86_400_000;

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const imfDate = /^\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/i;
const rfc850Date = /^\w{6,9}, (\d{2})-(\w{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/i;
const asctimeDate = /^\w{3} (\w{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i;

/**
 * Reads a `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date in one of HTTP's three formats. Gives
 * milliseconds from `now`, at least 0 and at most 24 hours; undefined for what cannot be read.
 *
 * @example parseRetryAfter('120', now) // 120_000
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return clamp(Number(text) * 1000);
  const at = parseHttpDate(text, now);
  return at === undefined ? undefined : clamp(at - now.getTime());
}

function parseHttpDate(text: string, now: Date): number | undefined {
  const imf = imfDate.exec(text);
  if (imf) return toTime(imf[3], imf[2], imf[1], imf.slice(4, 7));
  const asctime = asctimeDate.exec(text);
  if (asctime) return toTime(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  const rfc850 = rfc850Date.exec(text);
  if (!rfc850) return undefined;
  // Two digits: a year that would be more than 50 years ahead is of the past century (RFC 9110, 5.6.7).
  const thisYear = now.getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(rfc850[3]);
  return toTime(String(year > thisYear + 50 ? year - 100 : year), rfc850[2], rfc850[1], rfc850.slice(4, 7));
}

function toTime(year = '', month = '', day = '', clock: string[]): number | undefined {
  const index = months.indexOf(month.toLowerCase());
  if (index < 0) return undefined;
  const [hour, minute, second] = clock.map(Number) as [number, number, number];
  if (Number(day) < 1 || Number(day) > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(Number(year), index, Number(day), hour, minute, second);
}

function clamp(ms: number): number {
  return Math.round(Math.min(Math.max(ms, 0), maxRetryAfterMs));
}
