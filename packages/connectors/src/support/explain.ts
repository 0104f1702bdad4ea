import type { HttpAnswer } from '@signalbox/engine';
import type { Redact } from './redact.ts';

const maxExcerpt = 200;

/** `answered 422: "title is missing"`: status and the beginning of what was said, in one line, without secrets. */
export function describeAnswer({ status, headers, body }: HttpAnswer, redact: Redact): string {
  const said = excerpt(body, headers['content-type'] ?? '', redact);
  return said ? `answered ${status}: ${said}` : `answered ${status}`;
}

/** Redacts before it cuts: half a secret would not be found. */
function excerpt(body: string, contentType: string, redact: Redact): string {
  if (contentType.includes('html') || /^\s*<(!doctype|html)/i.test(body)) {
    const title = /<title[^>]*>([^<]{1,200})</i.exec(redact(body.slice(0, 4096)))?.[1];
    return title?.trim() ? `an HTML page, "${oneLine(title)}"` : 'an HTML page';
  }
  const text = oneLine(redact(messageOf(body) ?? body.slice(0, 2000)));
  if (!text) return '';
  return text.length > maxExcerpt ? `"${text.slice(0, maxExcerpt).toWellFormed()}…"` : `"${text}"`;
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** The message of a JSON error, by the names that are in use. */
function messageOf(body: string): string | null {
  const parsed = parseJson(body);
  if (typeof parsed !== 'object' || parsed === null) return null;
  for (const key of ['message', 'detail', 'error', 'title'] as const) {
    const value = (parsed as Record<string, unknown>)[key];
    if (typeof value === 'string' && value) return value;
  }
  return null;
}

/** The JSON value of an answer's body; undefined when it is none. */
export function parseJson(body: string): unknown {
  const start = body.trimStart()[0];
  if (start !== '{' && start !== '[') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/**
 * The id that the destination gave: `id` or `external_id` of its JSON answer, or of the first element of a list; a text or a
 * number, at most 200 characters.
 */
export function findExternalId({ body, truncated }: HttpAnswer): string | undefined {
  if (truncated || !/"(id|external_id)"/.test(body)) return undefined;
  const parsed = parseJson(body);
  const answer = Array.isArray(parsed) ? parsed[0] : parsed;
  if (typeof answer !== 'object' || answer === null) return undefined;
  for (const key of ['external_id', 'id'] as const) {
    const value = Object.hasOwn(answer, key) ? (answer as Record<string, unknown>)[key] : undefined;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && text !== '' && text.length <= 200) return text;
  }
  return undefined;
}
