import type { HttpAnswer, HttpClient, HttpExchange, HttpFailure, HttpRequest } from '@signalbox/engine';

const timing = { totalMs: 1, connectMs: 0, firstByteMs: 1 };

/** An {@link HttpClient} that records what it is asked and answers as told. */
export function buildHttp(answer: HttpExchange | ((request: HttpRequest) => HttpExchange)) {
  const requests: HttpRequest[] = [];
  const http: HttpClient = {
    request: async (request) => {
      requests.push(request);
      return typeof answer === 'function' ? answer(request) : answer;
    },
  };
  return { http, requests };
}

/** An answer of a destination; `body` other than text is sent as JSON. */
export function buildAnswer(
  status: number,
  body: unknown = '',
  headers: Record<string, string> = {},
): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  return {
    ok: true,
    status,
    headers: { 'content-type': type, ...headers },
    body: text,
    truncated: false,
    timing,
  };
}

/** A call that came to no answer. */
export function buildFailure(failure: HttpFailure['failure'], message = `failed: ${failure}`): HttpFailure {
  const maybeReceived = ['timeout', 'reset', 'protocol'].includes(failure);
  return { ok: false, failure, message, maybeReceived, timing };
}
