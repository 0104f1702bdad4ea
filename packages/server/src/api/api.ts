import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Engine } from '@signalbox/engine';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiKeys } from '../accounts/api-keys.ts';
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

/** What routes work with. */
export interface Services {
  engine: Engine;
  host: Host;
  apiKeys: ApiKeys;
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
