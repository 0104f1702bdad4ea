import type { FastifyPluginAsync } from 'fastify';
import { Mailbox } from './mailbox.ts';
import { inboxRoutes } from './routes.ts';

/** A receiver for development and tests: keeps what it gets and answers as it is told. */
export interface Inbox {
  /** Mounts itself under `/inbox`. */
  plugin: FastifyPluginAsync;
  /** Made on first use. */
  mailbox(name: string): Mailbox;
  mailboxes(): Mailbox[];
}

const MAX_MAILBOXES = 200;

/**
 * Standalone: `const app = fastify(); app.register(createInbox().plugin)`. Of more than 200 names the one
 * that was made first is forgotten.
 */
export function createInbox(): Inbox {
  const mailboxes = new Map<string, Mailbox>();
  const inbox: Inbox = {
    plugin: (app) => inboxRoutes(app, inbox),
    mailboxes: () => [...mailboxes.values()],
    mailbox(name) {
      const existing = mailboxes.get(name);
      if (existing !== undefined) return existing;
      if (mailboxes.size >= MAX_MAILBOXES) mailboxes.delete(mailboxes.keys().next().value!);
      const created = new Mailbox(name);
      mailboxes.set(name, created);
      return created;
    },
  };
  return inbox;
}
