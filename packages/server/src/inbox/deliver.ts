import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, answerOfQuery } from './behaviour.ts';
import type { Mailbox, Message } from './mailbox.ts';
import { checkSignature } from './signature.ts';

/** Keeps a request, then answers as the inbox was told. */
export async function receive(
  mailbox: Mailbox,
  request: FastifyRequest,
  reply: FastifyReply,
  closing: AbortSignal,
): Promise<FastifyReply> {
  const asked = answerOfQuery(request.query as Record<string, unknown>);
  const answer = mailbox.takeAnswer(request.url, asked);
  mailbox.add(messageOf(mailbox, request, answer));
  if (answer.hang === true) return hang(request, reply, closing);
  if (answer.delay_ms !== undefined) await sleep(answer.delay_ms, null, { signal: closing }).catch(() => {});
  return send(reply, answer);
}

function messageOf(mailbox: Mailbox, request: FastifyRequest, answer: Answer): Omit<Message, 'id'> {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : `${value}`,
    ]),
  );
  return {
    method: request.method,
    url: request.url,
    headers,
    ...textOf(bytes),
    received_at: new Date().toISOString(),
    signature: checkSignature(headers, bytes, mailbox.behaviour.secret),
    answer: {
      status: answer.hang === true ? null : (answer.status ?? 200),
      delay_ms: answer.delay_ms ?? 0,
      retry_after: answer.retry_after ?? null,
      hung: answer.hang === true,
    },
  };
}

function textOf(bytes: Buffer): Pick<Message, 'body' | 'body_encoding'> {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(bytes), body_encoding: 'utf-8' };
  } catch {
    return { body: bytes.toString('base64'), body_encoding: 'base64' };
  }
}

/** Holds the connection until the caller gives up or the inbox closes. */
function hang(request: FastifyRequest, reply: FastifyReply, closing: AbortSignal): FastifyReply {
  const end = () => request.raw.socket.destroy();
  if (closing.aborted) end();
  closing.addEventListener('abort', end);
  request.raw.socket.once('close', () => closing.removeEventListener('abort', end));
  return reply.hijack();
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const { status = 200, body = { ok: true } } = answer;
  if (answer.retry_after !== undefined) reply.header('retry-after', answer.retry_after);
  reply.code(status).headers(answer.headers ?? {});
  if (status === 204 || status === 304) return reply.send();
  if (typeof body === 'string') {
    if (!reply.hasHeader('content-type')) reply.type('text/plain; charset=utf-8');
    return reply.send(body);
  }
  if (!reply.hasHeader('content-type')) reply.type('application/json; charset=utf-8');
  return reply.send(JSON.stringify(body));
}
