import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Engine } from '@signalbox/engine';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Caller } from '../accounts/caller.ts';
import type { Host } from '../host/scope.ts';

/** What routes are registered on: Fastify, typed by Zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/**
 * What routes work with. Neither the pool nor the door across tenants is in it: a route cannot forget the
 * tenant, because it has nothing that does not ask for one.
 */
export interface Services {
  engine: Omit<Engine, 'pool'>;
  host: Pick<Host, 'scope' | 'write'>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every request under /api/v1 before its route runs. */
    caller: Caller;
    /** The Idempotency-Key that this request has claimed. */
    claimedKey: string | null;
    /** The answer is already kept, in the transaction of the work. */
    answerKept: boolean;
  }
}
