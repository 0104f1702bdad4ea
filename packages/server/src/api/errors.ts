import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { databaseProblem } from './database-errors.ts';
import {
  type FieldError,
  invalidBody,
  Problem,
  type ProblemCode,
  problemBody,
  problems,
} from './problems.ts';

/** Every error becomes problem+json here, and nowhere else. */
export function answerProblems(app: FastifyInstance): void {
  const addresses: { pattern: RegExp; method: string }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/\*$/, '.*').replace(/:[a-z_]+/g, '[^/]+')}/?$`);
    for (const each of [method].flat()) addresses.push({ pattern, method: each });
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error, request);
    if (problems[problem.code].status >= 500)
      request.log.error({ err: problem.cause ?? error }, problem.message);
    return send(problem, request, reply);
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] as string;
    const allowed = addresses.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (allowed.length === 0) {
      return send(new Problem('not-found', `There is nothing at ${path}.`), request, reply);
    }
    const methods = [...new Set(allowed)].join(', ');
    const detail = `${path} takes ${methods}, not ${request.method}.`;
    return send(new Problem('method-not-allowed', detail, { headers: { allow: methods } }), request, reply);
  });
}

function send(problem: Problem, request: FastifyRequest, reply: FastifyReply) {
  return reply
    .code(problems[problem.code].status)
    .headers(problem.headers ?? {})
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemBody(problem, request)));
}

const FRAMEWORK: Record<string, { code: ProblemCode; detail: string }> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body-too-large', detail: 'A body may have at most 1 MiB.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported-media-type',
    detail: 'Send the body as JSON with "content-type: application/json".',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'bad-request',
    detail: 'The body is not as long as content-length says.',
  },
};

function toProblem(error: FastifyError, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  const known = FRAMEWORK[error.code];
  if (known) return new Problem(known.code, known.detail, { cause: error });
  const configuration = configurationProblem(error);
  if (configuration) return configuration;
  const refused = databaseProblem(error, request.method);
  if (refused) return refused;
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return new Problem('bad-request', error.message, { cause: error });
  const detail = `It has been logged; give the request id ${request.id} when you ask about it.`;
  return new Problem('internal', detail, { cause: error });
}

/** The engine's refusals: of a configuration, with its pointers into the API's integration, and of a cursor. */
function configurationProblem(error: Error & { issues?: unknown }): Problem | null {
  if (error.name === 'CursorError')
    return new Problem('invalid-cursor', `${error.message}.`, { cause: error });
  if (error.name !== 'ConfigurationError' || !Array.isArray(error.issues)) return null;
  return invalidBody(error.issues as FieldError[]);
}
