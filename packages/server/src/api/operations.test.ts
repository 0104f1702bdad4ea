import { fastify } from 'fastify';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { operations, type ReadyCheck } from './operations.ts';

test('it is alive whatever happens, and ready when every check is; a check that throws is a check that failed', async () => {
  let checks: () => Promise<ReadyCheck[]> = async () => [{ name: 'database', ok: true }];
  const app = fastify();
  operations(app, { ready: () => checks(), metrics: new Registry() });

  expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await app.inject('/readyz')).json()).toEqual({
    status: 'ready',
    checks: [{ name: 'database', ok: true }],
  });
  checks = async () => [{ name: 'migrations', ok: false, detail: 'host/0001 is pending' }];
  expect((await app.inject('/readyz')).statusCode).toBe(503);
  checks = () => Promise.reject(new Error('connection refused'));
  const down = await app.inject('/readyz');
  expect(down.statusCode).toBe(503);
  expect(down.json().checks).toEqual([{ name: 'database', ok: false, detail: 'connection refused' }]);
  expect((await app.inject('/healthz')).statusCode).toBe(200);
  expect((await app.inject('/metrics')).headers['content-type']).toContain('text/plain');
});

test('the root leads a browser to the documentation, and tells a program where things are', async () => {
  const app = fastify();
  operations(app, { ready: async () => [] });
  const page = await app.inject({ url: '/', headers: { accept: 'text/html,*/*;q=0.8' } });
  expect([page.statusCode, page.headers.location]).toEqual([302, '/docs']);
  expect((await app.inject('/')).json()).toMatchObject({ docs: '/docs', api: '/api/v1' });
});
