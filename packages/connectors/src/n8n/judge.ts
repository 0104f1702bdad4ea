import type { HttpAnswer, HttpExchange, Verdict } from '@signalbox/engine';
import { describeAnswer, parseJson } from '../support/explain.ts';
import { type JudgeContext, judge, retry } from '../webhook/judge.ts';

/** n8n's limit for a request (N8N_PAYLOAD_SIZE_MAX, 16 MiB unless changed). */
const maxRequestBytes = 16 * 1024 * 1024;

/**
 * Judges what n8n answers, as 2.40 and 2.41 were seen to answer:
 *
 * | answer | verdict |
 * |---|---|
 * | 2xx, `Workflow was started` included | delivered |
 * | 404 JSON `… is not registered.` | held: the workflow is inactive, or the path or method is wrong |
 * | 404 with HTML or anything else | retry: n8n restarts, or a proxy answers |
 * | 401, 403 | unauthorized: which credential of the Webhook node is meant |
 * | 500 `Error in workflow` | retry: a node of the workflow failed |
 * | 500 `{"code":0,…}` for more than 16 MiB | rejected |
 * | 422 `Failed to parse request body` | rejected |
 *
 * Everything else, failures of the network included, is judged as for any webhook. Pure and total.
 */
export function judgeN8n(exchange: HttpExchange, context: JudgeContext): Verdict {
  if (!exchange.ok || context.successStatus?.includes(exchange.status)) return judge(exchange, context);
  const described = describeAnswer(exchange, context.redact);
  switch (exchange.status) {
    case 401:
    case 403:
      return { kind: 'unauthorized', explanation: `n8n ${described}; ${credentialAdvice(exchange)}` };
    case 404:
      return judgeNotFound(exchange, context, described);
    case 422:
      return {
        kind: 'rejected',
        explanation: `n8n ${described}; it could not read the event as JSON. Do not set another content-type`,
      };
    case 500:
      return judgeServerError(exchange, context, described);
    default:
      return judge(exchange, context);
  }
}

/** Whether a URL is one of n8n's test URLs, which take a single call after a click on "Listen". */
export function isTestUrl(url: string): boolean {
  return URL.canParse(url) && /\/webhook-test(\/|$)/.test(new URL(url).pathname);
}

function judgeNotFound(answer: HttpAnswer, context: JudgeContext, described: string): Verdict {
  if (!/not registered/i.test(messageOf(answer))) {
    return retry(answer, context, `n8n ${described}; it is probably starting. Check the URL if this goes on`);
  }
  const explanation = isTestUrl(context.url)
    ? 'this is a test URL, which takes one call after "Listen for test event"; use the Production URL of the Webhook node'
    : 'n8n has no active workflow at this URL; activate the workflow, and check path and method of its Webhook node';
  return { kind: 'held', explanation };
}

function judgeServerError(answer: HttpAnswer, context: JudgeContext, described: string): Verdict {
  if (context.requestBytes > maxRequestBytes) {
    return {
      kind: 'rejected',
      explanation: `n8n ${described}; the event is larger than the 16 MiB it takes. Send less with a template`,
    };
  }
  if (/error in workflow/i.test(messageOf(answer))) {
    return retry(answer, context, 'the workflow failed in n8n; its execution list shows at which node');
  }
  return judge(answer, context);
}

function credentialAdvice(answer: HttpAnswer): string {
  if (answer.status === 403) {
    return 'compare name and value of the header with the Header Auth credential of the Webhook node';
  }
  if (/is required/i.test(answer.body)) {
    return 'the Webhook node asks for Basic Auth; set user name and password in this integration';
  }
  return 'compare user name and password with the Basic Auth credential of the Webhook node';
}

function messageOf({ body }: HttpAnswer): string {
  const parsed = parseJson(body) as { message?: unknown } | undefined;
  return typeof parsed?.message === 'string' ? parsed.message : '';
}
