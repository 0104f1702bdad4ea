import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { behaviourSchema } from './behaviour.ts';
import { receive } from './deliver.ts';
import type { Inbox } from './inbox.ts';
import type { Mailbox } from './mailbox.ts';
import { pageRoutes, sendPage } from './page-routes.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_WAIT_MS = 60_000;

/** HEAD and OPTIONS ask about the inbox; they are answered and not kept. */
const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const nameSchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.~-]{0,99}$/);

const listSchema = z.object({
  wait_ms: z.coerce.number().int().min(0).max(MAX_WAIT_MS).default(0),
  count: z.coerce.number().int().min(1).max(1_000).default(1),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
});

interface Named {
  name: string;
}

/** Everything under `/inbox`. Bodies are taken as bytes, whatever their type. */
export async function inboxRoutes(app: FastifyInstance, inbox: Inbox): Promise<void> {
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    async (_: unknown, body: unknown) => body,
  );
  pageRoutes(app, inbox);

  const mailboxOf = (request: FastifyRequest, reply: FastifyReply): Mailbox | null => {
    const name = nameSchema.safeParse((request.params as Named).name);
    if (name.success) return inbox.mailbox(name.data);
    problem(
      reply,
      404,
      'An inbox is named with up to 100 letters, digits, and - _ . ~, and begins with a letter or digit.',
    );
    return null;
  };

  app.get('/inbox/:name/messages', { schema: { hide: true } }, async (request, reply) => {
    const mailbox = mailboxOf(request, reply);
    if (mailbox === null) return reply;
    const query = listSchema.safeParse(request.query);
    if (!query.success) return problem(reply, 400, z.prettifyError(query.error));
    const { wait_ms, count, after, limit } = query.data;
    await mailbox.waitFor(count, after, wait_ms, AbortSignal.any([closing.signal, goneSignal(request)]));
    return reply.send(stateOf(mailbox, after, limit));
  });

  app.delete('/inbox/:name/messages', { schema: { hide: true } }, async (request, reply) => {
    const mailbox = mailboxOf(request, reply);
    if (mailbox === null) return reply;
    mailbox.clear();
    return reply.code(204).send();
  });

  app.put('/inbox/:name/behaviour', { schema: { hide: true } }, async (request, reply) => {
    const mailbox = mailboxOf(request, reply);
    if (mailbox === null) return reply;
    const input = behaviourSchema.safeParse(jsonOf(request.body));
    if (!input.success) return problem(reply, 400, z.prettifyError(input.error));
    mailbox.change(input.data);
    return reply.send(shownBehaviour(mailbox));
  });

  app.get('/inbox/:name/behaviour', { schema: { hide: true } }, async (request, reply) => {
    const mailbox = mailboxOf(request, reply);
    return mailbox === null ? reply : reply.send(shownBehaviour(mailbox));
  });

  app.all('/inbox/:name', { schema: { hide: true }, bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const mailbox = mailboxOf(request, reply);
    if (mailbox === null) return reply;
    if (request.method === 'HEAD') return reply.send();
    if (request.method === 'OPTIONS') return reply.code(204).header('allow', ALLOWED).send();
    const browser = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
    return browser ? sendPage(reply, 'mailbox.html') : receive(mailbox, request, reply, closing.signal);
  });
}

function stateOf(mailbox: Mailbox, after: number, limit: number) {
  return {
    data: mailbox.list(after).slice(0, limit),
    received: mailbox.received,
    behaviour: shownBehaviour(mailbox),
  };
}

/** The secret itself is not given back. */
function shownBehaviour({ behaviour }: Mailbox) {
  return { ...behaviour.answer, plugged: behaviour.plugged, has_secret: behaviour.secret !== null };
}

function jsonOf(body: unknown): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    return undefined;
  }
}

function problem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ status, title: 'Inbox', detail }));
}

/** Aborted when the caller hangs up. */
function goneSignal(request: FastifyRequest): AbortSignal {
  const gone = new AbortController();
  request.raw.socket?.once('close', () => gone.abort());
  return gone.signal;
}
