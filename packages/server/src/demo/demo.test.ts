import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { onEveryDatabase } from '../../../../tests/kit/databases.ts';
import { openTestServices } from '../cli/testing/run-command.ts';
import { createInbox, type Inbox } from '../inbox/inbox.ts';
import type { Services } from '../services.ts';
import { ensureDemo } from './ensure-demo.ts';

const URL_AT_FIRST = 'http://127.0.0.1:3000';

onEveryDatabase('demo data', (open) => {
  let services: Services;
  let directory: string;
  let inbox: Inbox;
  beforeEach(async () => {
    inbox = createInbox();
    directory = mkdtempSync(join(tmpdir(), 'signalbox-demo-'));
    services = await openTestServices(await open(), { SIGNALBOX_DATA: directory });
    const opened = services;
    onTestFinished(async () => {
      await opened.close();
      rmSync(directory, { recursive: true });
    });
  });

  const countOf = async (table: string) =>
    Number((await services.engine.pool.query({ text: `select count(*) from ${table}` })).rows[0]!.count);

  test('an empty database gets a tenant with records, an inbox and a key, once', async () => {
    const demos = await Promise.all([
      ensureDemo(services, URL_AT_FIRST, inbox),
      ensureDemo(services, URL_AT_FIRST, inbox),
    ]);
    expect(await countOf('tenants')).toBe(1);
    expect(await countOf('work_items')).toBe(12);
    expect(await countOf('tasks')).toBe(12);
    const caller = await services.apiKeys.verify(demos[0]!.key);
    expect(caller).toMatchObject({ tenant: { slug: 'demo' }, role: 'admin' });
  });

  test('the key stays the same over restarts, and only its owner may read it', async () => {
    const first = await ensureDemo(services, URL_AT_FIRST, inbox);
    const second = await ensureDemo(services, URL_AT_FIRST, inbox);
    expect(second).toEqual(first);
    const path = join(directory, 'demo-key');
    expect(readFileSync(path, 'utf8').trim()).toBe(first!.key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await countOf('api_keys')).toBe(1);
    expect(await countOf('tenant_integrations')).toBe(1);
  });

  test('its integration follows the port, and stays away when somebody deleted it', async () => {
    await ensureDemo(services, URL_AT_FIRST, inbox);
    await ensureDemo(services, 'http://127.0.0.1:4000', inbox);
    const { id } = (await services.tenants.find('demo'))!;
    const list = async () => (await services.engine.integrations.list(String(id), {})).data;
    expect((await list()).map(({ url }) => url)).toEqual(['http://127.0.0.1:4000/inbox/demo']);
    await services.engine.integrations.remove(String(id), (await list())[0]!.id);
    await ensureDemo(services, URL_AT_FIRST, inbox);
    expect(await list()).toEqual([]);
  });

  test('the inbox knows its secret after every start, until somebody rotates it', async () => {
    const known = () => inbox.mailbox('demo').behaviour.secret;
    await ensureDemo(services, URL_AT_FIRST, inbox);
    const secret = known();
    expect(secret).toMatch(/^whsec_/);
    const { id } = (await services.tenants.find('demo'))!;
    const [integration] = (await services.engine.integrations.list(String(id), {})).data;
    expect(secret).toContain(integration!.signing.secrets[0]!.lastFour);
    expect(statSync(join(directory, 'demo-secret')).mode & 0o777).toBe(0o600);

    inbox = createInbox();
    await ensureDemo(services, URL_AT_FIRST, inbox);
    expect(known()).toBe(secret);

    await services.engine.integrations.rotateSecret(String(id), integration!.id);
    inbox = createInbox();
    await ensureDemo(services, URL_AT_FIRST, inbox);
    expect(known()).toBeNull();
  });

  test('a database that is in use gets nothing', async () => {
    await services.tenants.create({ slug: 'mine', name: 'Mine' });
    expect(await ensureDemo(services, URL_AT_FIRST, inbox)).toBeNull();
    expect(await countOf('work_items')).toBe(0);
  });
});
