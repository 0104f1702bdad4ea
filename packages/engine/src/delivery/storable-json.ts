/** NUL and lone surrogates, as JSON.stringify writes them; not a backslash that is escaped itself. */
const UNSTORABLE = /(?<=(?:^|[^\\])(?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/**
 * JSON text that Postgres takes. It refuses NUL and lone surrogates, which receivers do send, and one of
 * them would hold up the whole batch: they become U+FFFD.
 */
export function toStorableJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('\\u') ? text.replace(UNSTORABLE, '\\ufffd') : text;
}
