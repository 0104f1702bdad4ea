const dateStyles: Record<string, Intl.DateTimeFormatOptions> = {
  short: { dateStyle: 'short', timeStyle: 'short' },
  medium: { dateStyle: 'medium', timeStyle: 'short' },
  long: { dateStyle: 'long', timeStyle: 'short' },
  date: { dateStyle: 'medium' },
  time: { timeStyle: 'short' },
};

const dateFormats = new Map<string, Intl.DateTimeFormat>();
const numberFormats = new Map<string, Intl.NumberFormat>();
const maxFormats = 200;

/**
 * A time as people read it. `style`: `short`, `medium` (default), `long`, `date`, `time`, or `iso` (`2026-11-24`), `unix`
 * (seconds, a number). Time zone default UTC, locale default `en`. Undefined for what is no time.
 *
 * @throws RangeError for an unknown style, zone or locale
 */
export function formatDate(
  value: unknown,
  style = 'medium',
  timeZone = 'UTC',
  locale = 'en',
): string | number | undefined {
  const known = Object.hasOwn(dateStyles, style);
  if (!known && style !== 'iso' && style !== 'unix') {
    throw new RangeError(
      `unknown style ${style}; known are ${Object.keys(dateStyles).join(', ')}, iso, unix`,
    );
  }
  const time = toTime(value);
  if (style === 'unix') return time === undefined ? undefined : Math.floor(time / 1000);
  const key = `${style}|${timeZone}|${locale}`;
  const format = cached(dateFormats, key, () => {
    if (known) return new Intl.DateTimeFormat(locale, { ...dateStyles[style], timeZone });
    return new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone });
  });
  return time === undefined ? undefined : format.format(time);
}

/** A number with grouped thousands. Decimal text keeps every digit. Undefined for what is no number. */
export function formatNumber(value: unknown, decimals?: number, locale = 'en'): string | undefined {
  const fixed =
    decimals === undefined ? {} : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const key = `n|${decimals}|${locale}`;
  const format = cached(
    numberFormats,
    key,
    () => new Intl.NumberFormat(locale, { maximumFractionDigits: 20, ...fixed }),
  );
  return isNumeric(value) ? format.format(value) : undefined;
}

/** An amount with its currency: `"1200.5"` as `€1,200.50`. Undefined for what is no number. */
export function formatMoney(value: unknown, currency: string, locale = 'en'): string | undefined {
  const key = `m|${currency}|${locale}`;
  const format = cached(
    numberFormats,
    key,
    () => new Intl.NumberFormat(locale, { style: 'currency', currency }),
  );
  return isNumeric(value) ? format.format(value) : undefined;
}

function isNumeric(value: unknown): value is number | Intl.StringNumericLiteral {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' && /^-?\d{1,40}(\.\d{1,40})?$/.test(value);
}

/** Milliseconds of an RFC 3339 text or a number of milliseconds. */
function toTime(value: unknown): number | undefined {
  const readable =
    typeof value === 'number' || (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value));
  if (!readable) return undefined;
  const time = new Date(value).getTime();
  return Number.isNaN(time) ? undefined : time;
}

function cached<T>(formats: Map<string, T>, key: string, make: () => T): T {
  const known = formats.get(key);
  if (known) return known;
  const made = make();
  if (formats.size >= maxFormats) formats.clear();
  formats.set(key, made);
  return made;
}
