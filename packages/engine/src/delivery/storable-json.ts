/** Every escape that JSON.stringify writes, one after the other: so a backslash that is escaped itself counts as one. */
const ESCAPE = /\\(?:u[0-9a-f]{4}|.)/g;
/** NUL and lone surrogates; a pair of surrogates is written as the character it is. */
const UNSTORABLE = /^\\u(?:0000|d[89a-f])/;

/**
 * JSON text that Postgres takes. It refuses NUL and lone surrogates, which receivers do send, and one of
 * them would hold up the whole batch: they become U+FFFD.
 *
 * Goes through the escapes forwards. Looking back from each over the backslashes before it is quadratic: an
 * answer of NUL and 64 KiB of backslashes stopped a worker for 13 s.
 */
export function toStorableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\u')) return text;
  return text.replace(ESCAPE, (found) => (UNSTORABLE.test(found) ? '\\ufffd' : found));
}
