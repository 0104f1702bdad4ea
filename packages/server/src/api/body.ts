import type { FastifyInstance } from 'fastify';
import { Problem } from './problems.ts';

/** JSON is the only body. No body is no body: actions such as pause need none. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  for (const type of [/^application\/json(?:;|$)/, /^application\/[\w.-]+\+json(?:;|$)/]) {
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => {
      try {
        done(null, parse(String(body)));
      } catch (error) {
        done(error as Error);
      }
    });
  }
}

function parse(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('malformed-json', `The body is not valid JSON: ${where(text, cause as Error)}`, {
      cause,
    });
  }
}

/** A line and a column are what an editor shows. */
function where(text: string, error: Error): string {
  const at = errorPosition(error, text.length) ?? longestPrefix(text);
  const before = text.slice(0, at).split('\n');
  const what = at >= text.length ? 'it ends too early' : `unexpected ${JSON.stringify(text[at])}`;
  return `${what} at position ${at} (line ${before.length}, column ${(before.at(-1) ?? '').length + 1}).`;
}

/** What V8 says of the position, which it does for some mistakes only. */
function errorPosition(error: Error, length: number): number | null {
  if (error.message.startsWith('Unexpected end')) return length;
  const position = /at position (\d+)/.exec(error.message)?.[1];
  return position === undefined ? null : Number(position);
}

/** How much of the text could still become JSON: where V8 would have liked to go on. */
function longestPrefix(text: string): number {
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (couldGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function couldGoOn(start: string): boolean {
  try {
    JSON.parse(start);
    return true;
  } catch (error) {
    return errorPosition(error as Error, start.length) === start.length;
  }
}
