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

/** V8 says either a position or that the text ended; a line and a column are what an editor shows. */
function where(text: string, error: Error): string {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  const at = position === undefined ? text.length : Number(position);
  const before = text.slice(0, at).split('\n');
  const what = at >= text.length ? 'it ends too early' : `unexpected ${JSON.stringify(text[at])}`;
  return `${what} at position ${at} (line ${before.length}, column ${(before.at(-1) ?? '').length + 1}).`;
}
