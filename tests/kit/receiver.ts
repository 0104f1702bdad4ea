import { fastify } from 'fastify';
import { onTestFinished } from 'vitest';
import { createInbox } from '../../packages/server/src/inbox/inbox.ts';
import type { Message } from '../../packages/server/src/inbox/mailbox.ts';

/** The built-in inbox in the test's own process: it outlives the program under test. */
export interface Receiver {
  url(name: string): string;
  /** Waits until the inbox has at least `count` messages; oldest first. 0: what is there now. */
  received(name: string, count: number): Promise<Message[]>;
  /** How the inbox answers; see PUT /inbox/:name/behaviour. */
  behave(name: string, behaviour: Record<string, unknown>): Promise<void>;
}

const WAIT_MS = 15_000;

export async function createReceiver({ waitMs = WAIT_MS } = {}): Promise<Receiver> {
  const app = fastify();
  await app.register(createInbox().plugin);
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  return {
    url: (name) => `${origin}/inbox/${name}`,
    async received(name, count) {
      const wait = count > 0 ? `?wait_ms=${waitMs}&count=${count}` : '';
      const answer = await fetch(`${origin}/inbox/${name}/messages${wait}`);
      const { data } = (await answer.json()) as { data: Message[] };
      if (data.length < count) {
        throw new Error(`waited ${waitMs} ms for ${count} messages in inbox "${name}", got ${data.length}`);
      }
      return data.toReversed();
    },
    async behave(name, behaviour) {
      await fetch(`${origin}/inbox/${name}/behaviour`, { method: 'PUT', body: JSON.stringify(behaviour) });
    },
  };
}
