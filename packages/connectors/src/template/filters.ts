import { formatDate, formatMoney, formatNumber } from './formats.ts';
import { chargeWork, LimitExceeded, limits } from './limits.ts';

export type Argument = string | number | boolean | null;

/** A pure function of a value. `args` names its arguments, the optional ones with `?`. */
export interface TemplateFilter {
  args: readonly string[];
  /** What is wrong with literal arguments, found when the template is saved; null when nothing is. */
  check?(...args: Argument[]): string | null;
  apply(value: unknown, ...args: Argument[]): unknown;
}

/** Every filter a template may use. Missing values stay missing, so that `default` can come last. */
export const filters: Record<string, TemplateFilter> = {
  default: { args: ['value'], apply: (value, fallback) => (isEmpty(value) ? fallback : value) },
  upper: textFilter((text) => text.toUpperCase()),
  lower: textFilter((text) => text.toLowerCase()),
  trim: textFilter((text) => text.trim()),
  truncate: {
    args: ['characters', 'ending?'],
    check: (length) => (isCount(length) ? null : 'takes a number of characters'),
    apply: (value, length, ending = '…') =>
      value == null ? value : truncate(toText(value), length as number, String(ending)),
  },
  date: {
    args: ['style?', 'time zone?', 'locale?'],
    check: (...args) => problemOf(() => formatDate(0, ...(args as string[]))),
    apply: (value, ...args) => formatted(value, () => formatDate(value, ...(args as string[]))),
  },
  number: {
    args: ['decimals?', 'locale?'],
    check: (...args) => problemOf(() => formatNumber(0, ...(args as [number, string]))),
    apply: (value, ...args) => formatted(value, () => formatNumber(value, ...(args as [number, string]))),
  },
  money: {
    args: ['currency', 'locale?'],
    check: (...args) => problemOf(() => formatMoney(0, ...(args as [string, string]))),
    apply: (value, ...args) => formatted(value, () => formatMoney(value, ...(args as [string, string]))),
  },
  join: {
    args: ['separator?'],
    apply: (value, separator = ', ') => (Array.isArray(value) ? joinTexts(value, String(separator)) : value),
  },
  json: { args: [], apply: (value) => (value === undefined ? undefined : bounded(JSON.stringify(value))) },
  urlencode: textFilter((text) => encodeURIComponent(text.toWellFormed())),
  slack_escape: textFilter((text) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  ),
  html_escape: textFilter((text) => text.replace(/[&<>"']/g, (character) => htmlEntities[character]!)),
  first: { args: [], apply: (value) => (Array.isArray(value) ? value[0] : undefined) },
  last: { args: [], apply: (value) => (Array.isArray(value) ? value.at(-1) : undefined) },
  keys: { args: [], apply: keysOf },
  length: { args: [], apply: lengthOf },
};

const htmlEntities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A value inside text: nothing for what is missing, JSON for lists and objects. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return bounded(value);
  if (value === undefined || value === null) return '';
  return bounded(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** What cannot be formatted stays as it is. One formatting costs as much as going through 1,000 characters. */
function formatted(value: unknown, format: () => unknown): unknown {
  if (value === undefined || value === null) return value;
  chargeWork(1000);
  return format() ?? value;
}

/** Missing, null or the empty text. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function textFilter(change: (text: string) => string): TemplateFilter {
  return { args: [], apply: (value) => (value == null ? value : bounded(change(toText(value)))) };
}

function bounded(text: string): string {
  chargeWork(text.length);
  if (text.length > limits.outputBytes) {
    throw new LimitExceeded(`a text is longer than ${limits.outputBytes / 1024} KiB`);
  }
  return text;
}

function truncate(text: string, length: number, ending: string): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  return characters.slice(0, Math.max(0, length - [...ending].length)).join('') + ending;
}

function joinTexts(values: unknown[], separator: string): string {
  let joined = '';
  for (const value of values) joined = bounded(joined + (joined === '' ? '' : separator) + toText(value));
  return joined;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return [...bounded(value)].length;
  if (Array.isArray(value)) return value.length;
  return keysOf(value)?.length ?? 0;
}

function keysOf(value: unknown): string[] | undefined {
  if (!isObject(value)) return undefined;
  const keys = Object.keys(value);
  chargeWork(keys.length * 8);
  return keys;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

/** What a formatter says about its arguments; `Intl` throws RangeError on those it does not know. */
function problemOf(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return `does not take these arguments: ${(error as Error).message}`;
  }
}
