import { createServer } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { onDatabase } from '../../../../../tests/kit/databases.ts';
import { readConfig } from '../../config/read-config.ts';
import { PostgresUnreachableError } from '../../database/postgres.ts';
import type { Services } from '../../services.ts';
import { openTestServices, runCommand } from '../testing/run-command.ts';
import type { Finding, Patient } from './check.ts';
import { workers } from './checks/workers.ts';
import { examineAll } from './doctor.ts';

onDatabase('postgres', 'doctor', (open) => {
  let services: Services;
  let tenantId: number;
  beforeEach(async () => {
    const database = await open();
    services = await openTestServices(database);
    const opened = services;
    onTestFinished(() => opened.close());
    tenantId = (await services.tenants.create({ slug: 'shop', name: 'Shop' })).id;
  });

  const sql = (text: string, values: unknown[] = []) => services.engine.pool.query({ text, values });
  async function findings(check: string): Promise<Finding[]> {
    const { stdout } = await runCommand(['doctor', '--json'], services);
    return (JSON.parse(stdout).checks as Finding[]).filter((finding) => finding.check === check);
  }
  const integration = async (url = 'http://127.0.0.1:3999/') => {
    const input = { name: 'Hook', connector: 'webhook', eventTypes: ['workitem_created'], url };
    const created = await services.engine.integrations.create(String(tenantId), {
      ...input,
      signing: { type: 'standard-webhooks' },
    });
    return created.integration.id;
  };
  const start = async () => {
    const running = services.engine.start({ worker: { concurrency: 1 }, scheduler: true });
    onTestFinished(() => running.stop());
    await expect.poll(async () => (await services.engine.workers.list()).length).toBe(1);
  };

  test('a healthy installation passes every check and exits with 0', async () => {
    const server = createServer((socket) =>
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    await integration(`http://127.0.0.1:${(server.address() as { port: number }).port}/hook`);
    await start();
    const { code, stdout } = await runCommand(['doctor', '--json'], services);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Finding[] };
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect([ok, code]).toEqual([true, 0]);
    expect(new Set(checks.map(({ check }) => check)).size).toBe(15);
    expect((await runCommand(['doctor'], services)).stdout).toMatch(/All is well\.\n$/);
  });

  test('a failure exits with 1, and says what to do', async () => {
    const { code, stdout } = await runCommand(['doctor'], services);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /Workers are alive\n {2}✗ No process has the role worker[\s\S]*→ Start one: signalbox worker/,
    );
    expect(stdout).toMatch(/2 failures and \d warnings?\. Begin with the first\.\n$/);
  });

  test('workers and scheduler: one that fell silent is not alive', async () => {
    await sql(`insert into integration_workers (roles, host, pid, version, concurrency, seen_at)
               values ('{worker,scheduler}', 'elsewhere', 1, '0', 1, now() - interval '5 minutes')`);
    expect((await findings('workers'))[0]).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('5 min ago'),
    });
    expect((await findings('scheduler'))[0]?.state).toBe('fail');
  });

  test('capture triggers: a disabled one is found', async () => {
    await sql(`do $$ declare name text; begin
      select tgname into name from pg_trigger where tgrelid = 'tasks'::regclass and tgname like '%update' and not tgisinternal;
      execute format('alter table tasks disable trigger %I', name); end $$`);
    const [finding] = await findings('capture-triggers');
    expect(finding).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('tasks'),
      todo: 'Run: signalbox migrate',
    });
  });

  test('migrations: one that did not run stops the examination there', async () => {
    await sql(`delete from signalbox_migrations where line = 'host'`);
    const { stdout, code } = await runCommand(['doctor', '--json'], services);
    const checks = JSON.parse(stdout).checks as Finding[];
    expect(checks.at(-1)).toMatchObject({
      check: 'migrations',
      state: 'fail',
      says: expect.stringContaining('host/0001'),
    });
    expect(code).toBe(1);
  });

  test('lag: changes that nobody dispatches', async () => {
    await sql(
      `insert into integration_changes (tenant_id, model, record_id, operation, new, occurred_at)
               values ($1, 'work_item', '1', 'insert', '{}', now() - interval '20 minutes')`,
      [String(tenantId)],
    );
    expect((await findings('lag'))[0]).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('20 min'),
    });
  });

  test('integrations: off, paused and failing ones', async () => {
    expect((await findings('integrations'))[0]?.says).toBe('shop has no integration.');
    const id = await integration();
    await services.engine.integrations.pause(String(tenantId), id, 'lunch');
    expect((await findings('integrations'))[0]).toMatchObject({
      state: 'warn',
      says: expect.stringContaining('paused: lunch'),
    });
    await services.engine.integrations.resume(String(tenantId), id);
    await services.engine.integrations.update(String(tenantId), id, { isActive: false });
    expect((await findings('integrations'))[0]).toMatchObject({
      state: 'warn',
      says: expect.stringContaining('switched off'),
    });
    await services.engine.integrations.update(String(tenantId), id, { isActive: true });
    await sql(
      `insert into integration_health (integration_id, last_error, failing_since, consecutive_failures)
               values ($1, 'it answered 500', now() - interval '3 hours', 7)
               on conflict (integration_id) do update set consecutive_failures = 7, last_error = excluded.last_error,
                 failing_since = excluded.failing_since`,
      [id],
    );
    expect((await findings('integrations'))[0]).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('failing for 3 h: it answered 500'),
    });
  });

  test('tenant match: an integration of a tenant that is gone', async () => {
    await sql(`update tenant_integrations set tenant_id = '999' where id = $1`, [await integration()]);
    expect((await findings('tenant-match'))[0]).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('(tenant 999)'),
    });
  });

  test('reachability: refused connections and addresses that may not be called', async () => {
    await integration(await closedPort());
    expect((await findings('reachability'))[0]).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('connect'),
      todo: expect.stringContaining('the receiver runs'),
    });
    await sql(`update tenant_integrations set url = $1`, [
      `http://127.0.0.1:${services.config.port}/inbox/demo`,
    ]);
    expect((await findings('reachability'))[0]).toMatchObject({
      state: 'fail',
      todo: expect.stringMatching(/Signalbox itself.*signalbox start/),
    });
    await sql(`update tenant_integrations set url = $1`, ['http://10.1.2.3/hook']);
    expect((await findings('reachability'))[0]).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('refused-by-guard'),
      todo: expect.stringContaining('EGRESS_ALLOW'),
    });
  });

  test('duplicates: the constraint was dropped', async () => {
    await sql('alter table integration_syncs drop constraint one_sync_per_integration_and_event');
    expect((await findings('duplicates'))[0]?.state).toBe('fail');
  });

  test('stuck: leases of a worker that is gone', async () => {
    const id = await integration();
    await sql(
      `insert into integration_syncs (tenant_id, integration_id, event_id, event_type, model, record_id,
                 next_attempt_at, leased_by, leased_until)
               values ($1, $2, gen_random_uuid(), 'workitem_created', 'work_item', '1', now(), 77, now() - interval '1 hour')`,
      [String(tenantId), id],
    );
    expect((await findings('stuck'))[0]).toMatchObject({
      state: 'warn',
      says: expect.stringContaining('1 sync'),
    });
  });

  test('failures: those of the last day, grouped by cause', async () => {
    const id = await integration();
    await sql(
      `insert into integration_syncs (tenant_id, integration_id, event_id, event_type, model, record_id, status,
                 reason, last_error, ended_at)
               select $1, $2, gen_random_uuid(), 'workitem_created', 'work_item', n::text, 'failed', 'exhausted', 'it answered 503', now()
               from generate_series(1, 4) n`,
      [String(tenantId), id],
    );
    const found = await findings('failures');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      state: 'warn',
      says: '4 syncs to "Hook" failed (exhausted): it answered 503',
      todo: `Mend the cause, then: signalbox retry-failed --integration ${id}`,
    });
  });

  test('secrets: those that another key has sealed', async () => {
    await integration();
    const others = await openTestServices(services.database, {
      SECRET_KEY: 'quite another key for the tests',
    });
    onTestFinished(() => others.close());
    const { stdout } = await runCommand(['doctor', '--json'], others);
    const found = (JSON.parse(stdout).checks as Finding[]).find(({ check }) => check === 'secrets');
    expect(found).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('sealed with another key: "Hook"'),
    });
  });
});

test('workers: of an embedded database there is one program to start, with all roles', async () => {
  const services = { engine: { workers: { list: async () => [] } }, database: { kind: 'embedded' } };
  const patient = { services, tenants: [], integrations: [] } as unknown as Patient;
  expect(await workers.run(patient)).toMatchObject({ state: 'fail', todo: 'Start it: signalbox start' });
});

describe('doctor before there is a database', () => {
  test('a configuration that is wrong is all that is examined', async () => {
    const found = await examineAll(
      { config: () => readConfig({ PORT: 'x', HOST: '?' }, '/nowhere'), withServicesAsIs: never },
      undefined,
    );
    expect(found.map(({ check, state }) => [check, state])).toEqual([
      ['configuration', 'fail'],
      ['configuration', 'fail'],
    ]);
  });

  test('a database that cannot be reached is a finding, not a crash', async () => {
    const unreachable = () =>
      Promise.reject(new PostgresUnreachableError('Cannot use the Postgres server at db: no.'));
    const found = await examineAll(
      { config: () => readConfig({}, '/nowhere'), withServicesAsIs: unreachable },
      undefined,
    );
    expect(found.at(-1)).toMatchObject({
      check: 'database',
      state: 'fail',
      says: 'Cannot use the Postgres server at db: no.',
    });
  });
});

/** An address where nothing listens. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
}

function never(): Promise<never> {
  throw new Error('not to be reached');
}
