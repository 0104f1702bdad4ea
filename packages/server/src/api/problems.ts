/**
 * Every problem the API can answer (RFC 9457): the one table. Its `type` is `/problems/<code>`, a page of
 * the server itself, and OpenAPI lists the same codes.
 */
export const problems = {
  'malformed-json': { status: 400, title: 'The body is not valid JSON' },
  'invalid-query': { status: 400, title: 'The query string is not valid' },
  'invalid-cursor': { status: 400, title: 'The cursor is not one that this list gave' },
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  unauthorized: { status: 401, title: 'An API key is needed' },
  forbidden: { status: 403, title: 'This API key may not do that' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'This address does not take that method' },
  'already-exists': { status: 409, title: 'It exists already' },
  'still-referenced': { status: 409, title: 'Other records refer to it' },
  'request-in-progress': { status: 409, title: 'The same request is at work right now' },
  'changed-meanwhile': { status: 412, title: 'Somebody else changed it first' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  'invalid-body': { status: 422, title: 'The body has values that cannot be accepted' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  internal: { status: 500, title: 'Something is wrong on our side' },
  unavailable: { status: 503, title: 'The database cannot be reached right now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

/** One thing that is wrong with a request: where (a JSON pointer into the body, or a query name), and why. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** Throw it anywhere in a request; the error handler answers it. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string> | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { errors?: FieldError[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.errors = options.errors;
    this.headers = options.headers;
  }
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  request_id: string;
  errors?: FieldError[];
}

export function problemBody(problem: Problem, request: { id: string; url: string }): ProblemBody {
  const { status, title } = problems[problem.code];
  return {
    type: `/problems/${problem.code}`,
    title,
    status,
    detail: problem.message,
    instance: request.url.split('?')[0] as string,
    request_id: request.id,
    ...(problem.errors ? { errors: problem.errors } : {}),
  };
}

export function notFound(what: string): Problem {
  return new Problem('not-found', `There is no ${what}.`);
}

export function invalidBody(errors: FieldError[]): Problem {
  return new Problem('invalid-body', summary(errors), { errors });
}

export function summary(errors: FieldError[]): string {
  const [first] = errors;
  if (!first) return 'The request is not valid.';
  const where = first.pointer === '' ? 'The body' : first.pointer;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${where} ${first.detail}${more}`;
}
