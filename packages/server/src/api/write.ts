import type { ChangeContext } from '@signalbox/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../accounts/caller.ts';
import type { Host, WriteScope } from '../host/scope.ts';

/**
 * One write of the API: one transaction, which carries who writes, and in which the answer of a request
 * with an Idempotency-Key is kept.
 */
export async function write(
  host: Pick<Host, 'write'>,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  work: (scope: WriteScope) => Promise<object>,
): Promise<FastifyReply> {
  const body = await host.write(request.caller.tenant.id, contextOf(request.caller), async (scope) => {
    const text = JSON.stringify(await work(scope));
    if (request.claimedKey !== null) await scope.rememberAnswer(request.claimedKey, { status, body: text });
    return text;
  });
  request.answerKept = true;
  return reply.code(status).type('application/json; charset=utf-8').send(body);
}

export function contextOf({ key, integrationId }: Caller): ChangeContext {
  return {
    actor: { type: 'api_key', id: key.id, name: key.name },
    ...(integrationId === null ? {} : { originIntegrationId: integrationId }),
  };
}
