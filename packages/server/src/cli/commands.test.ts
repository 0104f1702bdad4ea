import { fastify } from 'fastify';
import { beforeAll, describe, expect, test } from 'vitest';
import { onEveryDatabase } from '../../../../tests/kit/databases.ts';
import { createInbox, type Inbox } from '../inbox/inbox.ts';
import type { Services } from '../services.ts';
import { openTestServices, runCommand } from './testing/run-command.ts';

onEveryDatabase('commands', (open) => {
  let services: Services;
  let inbox: Inbox;
  let origin: string;
  beforeAll(async () => {
    services = await openTestServices(await open());
    inbox = createInbox();
    const app = fastify();
    await app.register(inbox.plugin);
    origin = await app.listen({ port: 0, host: '127.0.0.1' });
    return async () => {
      await app.close();
      await services.close();
    };
  });

  const signalbox = (...argv: string[]) => runCommand(argv, services);
  let tenants = 0;
  async function tenant(): Promise<string> {
    const slug = `shop-${++tenants}`;
    await signalbox('tenant', 'create', '--slug', slug, '--name', `Shop ${tenants}`);
    return slug;
  }
  async function integration(slug: string, ...more: string[]): Promise<string> {
    const url = `${origin}/inbox/${slug}`;
    const argv = [
      'integration',
      'create',
      '--tenant',
      slug,
      '--name',
      `To ${slug}`,
      '--url',
      url,
      '--events',
      'all',
      ...more,
    ];
    return (await signalbox(...argv)).stdout.trim();
  }
  async function workItem(slug: string): Promise<void> {
    const { id } = (await services.tenants.find(slug))!;
    await services.host.write(id, {}, (scope) => scope.insert('work_items', { description: 'x' }));
  }
  /** As many pending syncs as work items, without delivering them. */
  async function waitingSyncs(slug: string, count: number): Promise<void> {
    for (let item = 0; item < count; item++) await workItem(slug);
    const running = services.engine.start({ worker: { concurrency: 1 } });
    const { id } = (await services.tenants.find(slug))!;
    await expect.poll(() => services.engine.syncs.countPending(String(id)), { timeout: 10_000 }).toBe(count);
    await running.stop();
  }

  describe('tenants and keys', () => {
    test('tenant create prints the id alone, and a slug is taken once', async () => {
      const first = await signalbox('tenant', 'create', '--slug', 'acme', '--name', 'Acme');
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).toMatch(/^\d+\n$/);
      const again = await signalbox('tenant', 'create', '--slug', 'acme', '--name', 'Acme');
      expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('"acme" already') });
    });

    test('apikey create prints the key alone, which works until it is revoked', async () => {
      const slug = await tenant();
      const { stdout, stderr } = await signalbox(
        'apikey',
        'create',
        '--tenant',
        slug,
        '--name',
        'n',
        '--role',
        'admin',
      );
      expect(stdout).toMatch(/^sbx_\S+\n$/);
      expect(stderr).toBe('');
      expect(await services.apiKeys.verify(stdout.trim())).toMatchObject({ tenant: { slug }, role: 'admin' });
      const [key] = JSON.parse((await signalbox('apikey', 'list', '--tenant', slug, '--json')).stdout);
      expect(JSON.stringify(key)).not.toContain(stdout.trim());
      expect((await signalbox('apikey', 'revoke', String(key.id), '--tenant', slug)).code).toBe(0);
      expect(await services.apiKeys.verify(stdout.trim())).toBeNull();
    });

    test('an unknown tenant lists those that exist', async () => {
      const slug = await tenant();
      const { code, stderr } = await signalbox('apikey', 'list', '--tenant', `${slug}x`);
      expect(code).toBe(1);
      expect(stderr).toContain(`There is no tenant "${slug}x". Did you mean "shop-`);
      expect(stderr).toContain(slug);
    });

    test('with several tenants one has to be named', async () => {
      await tenant();
      await tenant();
      expect(await signalbox('apikey', 'list')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Which tenant?'),
      });
    });
  });

  describe('integrations', () => {
    test('create, test, pause, resume, rotate, delete', async () => {
      const slug = await tenant();
      const id = await integration(slug, '--signing', 'standard-webhooks');
      expect(id).toMatch(/^\d+$/);
      const tried = await signalbox('integration', 'test', id, '--event', 'task_created');
      expect(tried).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ delivered') });
      expect(inbox.mailbox(slug).list()[0]?.signature).not.toBeNull();

      await signalbox('integration', 'pause', id, '--reason', 'lunch');
      expect((await signalbox('integration', 'list', '--tenant', slug)).stdout).toMatch(/paused .* all /);
      expect(
        (await signalbox('integration', 'list', '--tenant', slug, '--active', '--json')).stdout.trim(),
      ).toBe('[]');
      await signalbox('integration', 'resume', id);
      expect((await signalbox('integration', 'rotate-secret', id)).stdout).toMatch(/^whsec_\S+\n$/);
      expect((await signalbox('integration', 'delete', id)).code).toBe(2);
      expect((await signalbox('integration', 'delete', id, '--yes')).code).toBe(0);
      expect((await signalbox('integration', 'test', id)).stderr).toContain(
        `There is no integration "${id}".`,
      );
    });

    test('a test that fails says why and exits with 1', async () => {
      const slug = await tenant();
      const id = await integration(slug);
      inbox.mailbox(slug).change({ status: 500 });
      expect(await signalbox('integration', 'test', id)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('< 500'),
      });
    });

    test('what cannot be one is refused with the field named', async () => {
      const slug = await tenant();
      const base = ['integration', 'create', '--tenant', slug];
      expect((await signalbox(...base)).stderr).toMatch(/Give it a --name[\s\S]*--events/);
      const typo = await signalbox(...base, '--name', 'x', '--url', origin, '--events', 'workitem_creatd');
      expect(typo).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Did you mean "workitem_created"?'),
      });
      const badUrl = await signalbox(...base, '--name', 'x', '--url', 'ftp://x', '--events', 'all');
      expect(badUrl).toMatchObject({ code: 2, stderr: expect.stringMatching(/^url: /) });
      const kind = await signalbox(
        ...base,
        '--name',
        'x',
        '--connector',
        'n9n',
        '--url',
        origin,
        '--events',
        'all',
      );
      expect(kind).toMatchObject({ code: 2, stderr: expect.stringMatching(/^connector: .*n9n/) });
    });

    test('its fields can come from stdin, so that secrets are in no argument', async () => {
      const slug = await tenant();
      const fields = {
        name: 'Piped',
        url: `${origin}/inbox/p`,
        event_types: ['all'],
        auth: { type: 'bearer', token: 'hunter2hunter2' },
      };
      const argv = ['integration', 'create', '--tenant', slug, '--from', '-', '--json'];
      const { stdout, code } = await runCommand(argv, services, { input: JSON.stringify(fields) });
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ name: 'Piped', auth: { type: 'bearer' } });
      expect(stdout).not.toContain('hunter2');
    });
  });

  describe('what waits and what failed', () => {
    test('purge asks first, and needs --yes where nobody can be asked', async () => {
      const slug = await tenant();
      const id = await integration(slug);
      await signalbox('integration', 'pause', id);
      await waitingSyncs(slug, 3);

      const blind = await signalbox('purge', '--tenant', slug);
      expect(blind).toMatchObject({ code: 2, stderr: expect.stringContaining('Cancel 3 waiting syncs') });
      const no = await runCommand(['purge', '--tenant', slug], services, { input: 'n\n', isTTY: true });
      expect(no).toMatchObject({ code: 1, stdout: 'Nothing was cancelled.\n' });
      const yes = await runCommand(['purge', '--integration', id], services, { input: 'y\n', isTTY: true });
      expect(yes).toMatchObject({ code: 0, stdout: '3 syncs cancelled.\n' });
      expect(await signalbox('purge', '--tenant', slug)).toMatchObject({
        code: 0,
        stdout: 'Nothing waits.\n',
      });
    });

    test('a failed sync is listed with its cause, retried by filter, and delivered', async () => {
      const slug = await tenant();
      inbox.mailbox(slug).change({ status: 400, times: 1 });
      const id = await integration(slug);
      await workItem(slug);
      const running = services.engine.start({ worker: { concurrency: 4 } });
      const failed = async () =>
        JSON.parse(
          (await signalbox('sync', 'list', '--tenant', slug, '--status', 'failed', '--json')).stdout,
        );
      await expect.poll(async () => (await failed()).length, { timeout: 10_000 }).toBe(1);
      expect((await failed())[0]).toMatchObject({ integration_id: Number(id), reason: 'rejected' });
      const table = (await signalbox('sync', 'list', '--tenant', slug)).stdout;
      expect(table).toMatch(/ tries +next try +why\n[\s\S]* failed +1 +- /);

      const elsewhere = await signalbox('retry-failed', '--integration', id, '--event-type', 'task_created');
      expect(elsewhere.stdout).toBe('No failed sync matches.\n');
      expect((await signalbox('retry-failed', '--integration', id)).stdout).toBe(
        '1 sync will be sent again now.\n',
      );
      await expect.poll(() => inbox.mailbox(slug).received, { timeout: 10_000 }).toBe(2);
      await running.stop();
    });
  });

  test('inspect shows live workers, event types with their subscribers, and the queue', async () => {
    expect((await signalbox('inspect', 'active')).stderr).toContain('No worker is alive');
    const running = services.engine.start({ worker: { concurrency: 7 }, scheduler: true });
    const stats = async () => JSON.parse((await signalbox('inspect', 'stats', '--json')).stdout);
    await expect.poll(async () => (await stats()).workers.length, { timeout: 10_000 }).toBe(1);
    expect((await stats()).workers[0]).toMatchObject({ concurrency: 7, alive: true, pid: process.pid });
    expect((await signalbox('inspect', 'active')).stderr).toContain(`:${process.pid}`);
    expect((await signalbox('inspect', 'stats')).stdout).not.toContain('claims');
    expect((await signalbox('inspect', 'registered')).stdout).toMatch(/workitem_created +work_item +\d+/);
    expect((await signalbox('inspect', 'scheduled')).code).toBe(0);
    await running.stop();
  });

  describe('the shell', () => {
    test('runs one expression with everything loaded, and awaits it', async () => {
      expect((await signalbox('shell', '-e', '(await tenants()).length > 0')).stdout).toBe('true\n');
      const { stdout } = await signalbox('shell', '-e', 'sql`select 42 as n`', '--json');
      expect(JSON.parse(stdout)).toEqual([{ n: 42 }]);
      expect(await signalbox('shell', '-e', 'nope')).toMatchObject({
        code: 1,
        stderr: 'ReferenceError: nope is not defined\n',
      });
    });

    test('takes lines, and cannot end the process it runs in', async () => {
      const input = 'const a = 20\na * 2 + 2\nsql`select 7 as seven`\nprocess.exit()\n';
      const { code, stdout } = await runCommand(['shell'], services, { input });
      expect(code).toBe(0);
      expect(stdout).toMatch(/42[\s\S]*seven: 7/);
      expect(process.pid).toBeGreaterThan(0);
    });
  });

  test('migrate --check says that there is nothing to do', async () => {
    expect(await signalbox('migrate', '--check')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing to do'),
    });
  });
});
