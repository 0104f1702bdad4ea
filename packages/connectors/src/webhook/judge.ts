import type { HttpAnswer, HttpExchange, HttpFailure, Verdict } from '@signalbox/engine';
import { describeAnswer, findExternalId } from '../support/explain.ts';
import type { Redact } from '../support/redact.ts';
import { parseRetryAfter } from '../support/retry-after.ts';

/** What a verdict depends on beside the exchange. */
export interface JudgeContext {
  now: Date;
  /** The URL as configured; its kind may say what an answer means. */
  url: string;
  /** Bytes that were sent as body. */
  requestBytes: number;
  /** The statuses that count as success; null: every 2xx. */
  successStatus: readonly number[] | null;
  redact: Redact;
}

type Rule = [kind: 'retry' | 'rejected' | 'unauthorized' | 'gone', advice: string];

const sameAgain =
  'the same event would get the same answer; look at what the receiver expects, then retry by hand';

/**
 * What an operator wants of each status. 2xx and 3xx are decided in {@link judgeAnswer}; a status that is not listed is
 * `rejected` below 500 and `retry` from 500. `rejected` ends the sync as failed with the reason: it is kept and can be
 * retried by hand, in bulk too.
 */
const rules: Record<number, Rule> = {
  // Credentials: every further call would fail alike, and some receivers lock callers out.
  401: ['unauthorized', 'it does not accept the credentials; check the authentication of this integration'],
  403: ['unauthorized', 'it does not permit this call; check the authentication of this integration'],
  407: ['unauthorized', 'a proxy before it asks for credentials'],
  // May be over soon, by itself or by a deployment.
  402: ['retry', 'its account there has to be paid or has reached its quota'],
  404: ['retry', 'there is nothing at this URL at the moment; check the URL if this goes on'],
  408: ['retry', 'it waited too long for the request'],
  409: ['retry', 'the event conflicts with its present state'],
  421: ['retry', 'the request reached a server that is not responsible'],
  423: ['retry', 'what the event belongs to is locked there'],
  424: ['retry', 'something it depends on failed'],
  425: ['retry', 'it asks to come back later'],
  429: ['retry', 'it asks for fewer calls'],
  // Gone on purpose: the receiver's way to unsubscribe.
  410: ['gone', 'the receiver says this URL is gone for good; enter a new URL to resume'],
  // The same bytes will get the same answer.
  400: ['rejected', `it does not accept the content; ${sameAgain}`],
  405: ['rejected', 'it does not take this method; choose another one in the settings (POST, PUT, PATCH)'],
  406: ['rejected', `it cannot answer in a form it thinks we take; ${sameAgain}`],
  411: ['rejected', sameAgain],
  413: ['rejected', 'the event is too large for it; use a template to send less'],
  414: ['rejected', 'the URL is too long for it'],
  415: ['rejected', `it does not take JSON, or wants another content-type header; ${sameAgain}`],
  422: ['rejected', `it understood the content and refuses it; ${sameAgain}`],
  431: ['rejected', 'the headers of this integration are too large for it'],
  451: ['rejected', 'it refuses for legal reasons'],
};

/** Judges what came of a webhook call. Pure; total over every status, body and failure. */
export function judge(exchange: HttpExchange, context: JudgeContext): Verdict {
  return exchange.ok ? judgeAnswer(exchange, context) : judgeFailure(exchange);
}

/** Judges an answer by its status. */
export function judgeAnswer(answer: HttpAnswer, context: JudgeContext): Verdict {
  const { status } = answer;
  const { successStatus, redact } = context;
  if (successStatus ? successStatus.includes(status) : status >= 200 && status < 300) {
    const externalId = findExternalId(answer);
    return externalId === undefined ? { kind: 'delivered' } : { kind: 'delivered', externalId };
  }
  const described = describeAnswer(answer, redact);
  if (status >= 300 && status < 400) {
    return { kind: 'rejected', explanation: `${described}; ${redirectAdvice(answer, redact)}` };
  }
  if (status >= 200 && status < 300) {
    const wanted = successStatus?.join(', ');
    return retry(answer, context, `${described}; this integration counts only ${wanted} as success`);
  }
  const [kind, advice] = rules[status] ?? defaultRule(status);
  const explanation = `${described}; ${advice}`;
  return kind === 'retry' ? retry(answer, context, explanation) : { kind, explanation };
}

/** Judges a call without an answer. Receivers know an event by its `webhook-id`, so asking again is safe. */
export function judgeFailure({ failure, message }: HttpFailure): Verdict {
  if (failure === 'refused-by-guard') return { kind: 'rejected', explanation: message };
  return { kind: 'retry', explanation: message };
}

/** A retry with what the answer's `Retry-After` asks for. */
export function retry(answer: HttpAnswer, { now }: JudgeContext, explanation: string): Verdict {
  const afterMs = parseRetryAfter(answer.headers['retry-after'], now);
  return afterMs === undefined ? { kind: 'retry', explanation } : { kind: 'retry', explanation, afterMs };
}

function defaultRule(status: number): Rule {
  if (status >= 400 && status < 500) return ['rejected', sameAgain];
  return ['retry', 'the receiver has a problem of its own'];
}

function redirectAdvice({ headers }: HttpAnswer, redact: Redact): string {
  const location = headers.location;
  const to = location ? ` to ${redact(location).slice(0, 300)}` : '';
  return `it redirects${to}, and redirects are not followed; use the final URL`;
}
