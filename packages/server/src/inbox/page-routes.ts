import { readFileSync } from 'node:fs';
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Inbox } from './inbox.ts';

const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const FILES = ['home.js', 'mailbox.js', 'message.js', 'answer-form.js', 'dom.js', 'inbox.css', 'icon.svg'];

/** The pages and what they load. `/inbox/-/…` cannot clash: no inbox is named `-`. */
export function pageRoutes(app: FastifyInstance, inbox: Inbox): void {
  app.get('/inbox', { schema: { hide: true } }, async (_request, reply) => sendPage(reply, 'home.html'));
  app.get('/inbox/-/list', { schema: { hide: true } }, async () => ({
    data: inbox.mailboxes().map((mailbox) => ({
      name: mailbox.name,
      received: mailbox.received,
      last_at: mailbox.list()[0]?.received_at ?? null,
      plugged: mailbox.behaviour.plugged,
    })),
  }));
  for (const file of FILES) {
    app.get(`/inbox/-/${file}`, { schema: { hide: true } }, async (_request, reply) => sendPage(reply, file));
  }
}

export function sendPage(reply: FastifyReply, file: string): FastifyReply {
  const ending = file.slice(file.lastIndexOf('.') + 1) as keyof typeof TYPES;
  return reply
    .headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    })
    .type(`${TYPES[ending]}; charset=utf-8`)
    .send(readFileSync(new URL(`./page/${file}`, import.meta.url)));
}
