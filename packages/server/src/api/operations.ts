import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { problems } from './problems.ts';

/** One thing that must be so before requests are welcome. */
export interface ReadyCheck {
  /** `database`, `migrations`, … */
  name: string;
  ok: boolean;
  detail?: string;
}

export interface OperationsOptions {
  ready(): Promise<ReadyCheck[]>;
  metrics?: Pick<Registry, 'metrics' | 'contentType'>;
}

/** For whoever runs it: where everything is, alive, ready, metrics, and what a problem's `type` says. No key is needed. */
export function operations(app: FastifyInstance, { ready, metrics }: OperationsOptions): void {
  const hide = { schema: { hide: true }, logLevel: 'warn' } as const;

  app.get('/', hide, async (request, reply) => {
    if (request.headers.accept?.includes('text/html')) return reply.redirect('/docs', 302);
    return { name: 'Signalbox', docs: '/docs', openapi: '/openapi.json', api: '/api/v1', ready: '/readyz' };
  });

  app.get('/healthz', hide, async () => ({ status: 'ok' }));

  app.get('/readyz', hide, async (_request, reply) => {
    const checks = await ready().catch((error: Error): ReadyCheck[] => [
      { name: 'database', ok: false, detail: error.message },
    ]);
    const ok = checks.every((check) => check.ok);
    return reply.code(ok ? 200 : 503).send({ status: ok ? 'ready' : 'not ready', checks });
  });

  if (metrics) {
    app.get('/metrics', hide, async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.metrics()),
    );
  }

  for (const [code, { status, title }] of Object.entries(problems)) {
    app.get(`/problems/${code}`, hide, async () => ({ type: `/problems/${code}`, title, status }));
  }
}
