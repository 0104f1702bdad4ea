import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiKeys } from '../accounts/api-keys.ts';
import { type Caller, mayWrite } from '../accounts/caller.ts';
import { Problem } from './problems.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Nobody passes without a key; a viewer's key only reads. */
export function authenticate(app: FastifyInstance, apiKeys: ApiKeys): void {
  app.decorateRequest('caller', null as unknown as Caller);
  app.addHook('onRequest', async (request) => {
    request.caller = await callerOf(request, apiKeys);
    if (!READS.has(request.method) && !mayWrite(request.caller.role)) {
      throw new Problem('forbidden', `The key "${request.caller.key.name}" is a viewer's: it may only read.`);
    }
  });
}

async function callerOf(request: FastifyRequest, apiKeys: ApiKeys): Promise<Caller> {
  const [scheme, key] = (request.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || !key) {
    throw unauthorized('Send an API key: "authorization: Bearer sbx_…".', 'Bearer');
  }
  const caller = await apiKeys.verify(key);
  if (caller) return caller;
  throw unauthorized('This API key is unknown, revoked or expired.', 'Bearer error="invalid_token"');
}

function unauthorized(detail: string, challenge: string): Problem {
  return new Problem('unauthorized', detail, { headers: { 'www-authenticate': challenge } });
}
