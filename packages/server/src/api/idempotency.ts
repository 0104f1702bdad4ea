import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Claim, claimKey, releaseKey, storeAnswer } from '../host/idempotency.ts';
import type { Host } from '../host/scope.ts';
import { Problem } from './problems.ts';

/**
 * A POST with an Idempotency-Key is done once in 24 hours: the same request again is answered what the
 * first was. Writes of host records keep their answer in their own transaction (see write.ts), so that a
 * crash leaves both or neither; the others keep it when they answer. A failed request frees its key.
 */
export function answerOnce(app: FastifyInstance, host: Host): void {
  app.decorateRequest('claimedKey', null);
  app.decorateRequest('answerKept', false);

  app.addHook('preHandler', async (request, reply) => {
    const key = request.method === 'POST' ? header(request) : undefined;
    if (key === undefined) return;
    const claim = await host.acrossTenants((db) =>
      claimKey(db, { tenantId: request.caller.tenant.id, key }, fingerprint(request)),
    );
    if (claim.state === 'answered') {
      const { status, body } = claim.answer;
      reply.code(status).header('idempotency-replayed', 'true').type('application/json; charset=utf-8');
      return reply.send(body);
    }
    if (claim.state !== 'claimed') throw refused(claim.state);
    request.claimedKey = key;
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const key = request.claimedKey;
    if (key === null || request.answerKept) return payload;
    const id = { tenantId: request.caller.tenant.id, key };
    request.claimedKey = null;
    await host.acrossTenants(async (db) => {
      if (reply.statusCode >= 400) return releaseKey(db, id);
      return storeAnswer(db, id, { status: reply.statusCode, body: withoutSecret(String(payload ?? '')) });
    });
    return payload;
  });
}

function header(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length >= 1 && key.length <= 255) return key;
  throw new Problem('bad-request', 'The Idempotency-Key must have 1 to 255 characters.');
}

function fingerprint(request: FastifyRequest): Buffer {
  const body = JSON.stringify(request.body ?? null);
  return createHash('sha256').update(`${request.method} ${request.url}\n${body}`).digest();
}

/** A secret is shown once; a repeated answer does not have it, and neither does the database. */
function withoutSecret(body: string): string {
  if (!body.includes('"secret"')) return body;
  const answer = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify('secret' in answer ? { ...answer, secret: null } : answer);
}

function refused(state: Exclude<Claim['state'], 'answered' | 'claimed'>): Problem {
  if (state === 'busy') {
    const detail = 'A request with this Idempotency-Key is at work. Ask again in a moment.';
    return new Problem('request-in-progress', detail, { headers: { 'retry-after': '1' } });
  }
  const detail = 'This Idempotency-Key was used for another address or body. Use a new one.';
  return new Problem('idempotency-key-reused', detail);
}
