import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onDatabase } from '../../../../tests/kit/databases.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const SLOW = 60_000;

/** The real program in processes of its own, in a directory of its own. */
function program(env: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-start-'));
  const children = new Set<ReturnType<typeof spawn>>();
  const begin = (...argv: string[]) => {
    const environment = { PATH: process.env.PATH, PORT: '0', LOG_LEVEL: 'info', ...env };
    const child = spawn(process.execPath, [MAIN, ...argv], { cwd: directory, env: environment });
    children.add(child);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, ended };
  };
  return {
    begin,
    async run(argv: string[], input = '') {
      const { child, ended } = begin(...argv);
      child.stdin.end(input);
      const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
      return { stdout, stderr, code };
    },
    /** Resolves with what was printed once `stream` says `sign`. */
    async until(
      started: ReturnType<typeof begin>,
      stream: 'stdout' | 'stderr',
      sign: string,
    ): Promise<string> {
      let seen = '';
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      for (const name of ['stdout', 'stderr'] as const) {
        started.child[name].on('data', (chunk: Buffer) => {
          seen += chunk;
          if (name === stream && seen.includes(sign)) resolve(seen);
        });
      }
      started.ended.then((code) => reject(new Error(`it ended with ${code}:\n${seen}`)));
      return promise;
    },
    files: () => readdirSync(directory),
    clear() {
      for (const child of children) child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

describe('start on the embedded database', () => {
  const signalbox = program();
  let server: ReturnType<typeof signalbox.begin>;
  let printed: string;
  let url: string;
  beforeAll(async () => {
    server = signalbox.begin('start');
    printed = await signalbox.until(server, 'stdout', '-d ');
    url = /API +(http\S+)\/api\/v1/.exec(printed)![1]!;
  }, SLOW);
  afterAll(() => signalbox.clear());

  test(
    'what it prints works: the first curl creates a work item, and the inbox gets it',
    async () => {
      const curl = printed.slice(printed.indexOf('curl')).replaceAll('\\\n', ' ');
      const key = /Bearer (sbx_[^']+)/.exec(curl)![1];
      const body = /-d '([^']+)'/.exec(curl)![1]!;
      const answer = await fetch(`${url}/api/v1/work-items`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(201);
      const { reference_id } = (await answer.json()) as { reference_id: string };
      const inbox = await fetch(`${url}/inbox/demo/messages?count=31&wait_ms=15000`);
      const { data } = (await inbox.json()) as { data: { body: string }[] };
      expect(data.some(({ body }) => body.includes(`"${reference_id}"`))).toBe(true);
      expect(await fetch(`${url}/metrics`).then((metrics) => metrics.text())).toMatch(
        /^signalbox_workers_alive 1$/m,
      );
    },
    SLOW,
  );

  test('the first start says why it takes a while, before it does', () => {
    expect(printed).toMatch(/creating the database[\s\S]*the database was migrated/);
  });

  test(
    'commands of other processes run inside it, with their own input and output',
    async () => {
      const created = await signalbox.run(['tenant', 'create', '--slug', 'other', '--name', 'Other']);
      expect(created).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\d+\n$/) });
      expect(await signalbox.run(['tenant', 'create', '--slug', 'other', '--name', 'Other'])).toMatchObject({
        code: 1,
      });
      const listed = await signalbox.run(['tenant', 'list', '--json']);
      expect(JSON.parse(listed.stdout).map(({ slug }: { slug: string }) => slug)).toEqual(['demo', 'other']);
      const shell = await signalbox.run(['shell'], '6 * 7\nsql`select 5 as five`\n');
      expect(shell).toMatchObject({ code: 0, stdout: expect.stringMatching(/42[\s\S]*five: 5/) });
      const exported = await signalbox.run(['export']);
      expect(exported.stdout).toContain('CREATE TABLE');
      expect(exported.stdout).toContain('Fix-It Repair');
    },
    SLOW,
  );

  test(
    'it has what commands and checks need: doctor is content',
    async () => {
      const { code, stdout } = await signalbox.run(['doctor', '--json']);
      const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string }[] };
      expect(checks.filter(({ state }) => state === 'fail')).toEqual([]);
      expect(code).toBe(0);
    },
    SLOW,
  );

  test(
    'a second one says who has the directory, and one role alone what it needs',
    async () => {
      const second = await signalbox.run(['start']);
      expect(second).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`process ${server.child.pid}`),
      });
      expect(await signalbox.run(['worker'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('set DATABASE_URL'),
      });
    },
    SLOW,
  );

  test(
    'SIGTERM ends it with 0, and the next start finds everything, the key too',
    async () => {
      server.child.kill('SIGTERM');
      expect(await server.ended).toBe(0);
      const alone = await signalbox.run(['tenant', 'list', '--json']);
      expect(JSON.parse(alone.stdout)).toHaveLength(2);
      server = signalbox.begin('start');
      const again = await signalbox.until(server, 'stdout', '-d ');
      expect(/Demo key +(\S+)/.exec(again)![1]).toBe(/Demo key +(\S+)/.exec(printed)![1]);
      server.child.kill('SIGINT');
      expect(await server.ended).toBe(0);
    },
    SLOW,
  );
});

test(
  'everything that is wrong with the configuration is said at once, and nothing is started',
  async () => {
    const signalbox = program({ PORT: 'x', CONCURRENCY: '-1', SIGNALBOX_DTA: '/tmp' });
    const { code, stderr } = await signalbox.run(['start']);
    signalbox.clear();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^3 problems[\s\S]*SIGNALBOX_DTA[\s\S]*Did you mean "SIGNALBOX_DATA"\?[\s\S]*PORT[\s\S]*CONCURRENCY/,
    );
  },
  SLOW,
);

test(
  'a port that is taken is said before a database is made',
  async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const signalbox = program({ PORT: String(port) });
    const { code, stderr } = await signalbox.run(['start']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`Port ${port} on 127.0.0.1 is in use`),
    });
    expect(signalbox.files()).toEqual([]);
    signalbox.clear();
    other.close();
  },
  SLOW,
);

onDatabase('postgres', 'roles in processes of their own', (open) => {
  test(
    'web, worker and scheduler need a migrated database, share the work, and end with 0',
    async () => {
      const { url } = await open();
      const signalbox = program({
        DATABASE_URL: url!,
        NODE_ENV: 'production',
        SECRET_KEY: 'a key for the tests of roles',
      });
      try {
        const web = signalbox.begin('web');
        const worker = signalbox.begin('worker', '--concurrency', '9');
        const scheduler = signalbox.begin('scheduler');
        const ready = await signalbox.until(web, 'stderr', '"ready"');
        await Promise.all([
          signalbox.until(worker, 'stderr', '"ready"'),
          signalbox.until(scheduler, 'stderr', '"ready"'),
        ]);
        const origin = /"url":"(http[^"]+)"/.exec(ready)![1]!;
        expect((await fetch(`${origin}/readyz`)).status).toBe(200);
        expect((await fetch(`${origin}/inbox`)).status).toBe(404);
        const { stdout } = await signalbox.run(['inspect', 'stats', '--json']);
        const { workers } = JSON.parse(stdout) as { workers: { roles: string[]; concurrency: number }[] };
        expect(workers.map(({ roles, concurrency }) => [roles, concurrency]).sort()).toEqual([
          [['scheduler'], 0],
          [['worker'], 9],
        ]);
        for (const { child } of [web, worker, scheduler]) child.kill('SIGTERM');
        expect(await Promise.all([web.ended, worker.ended, scheduler.ended])).toEqual([0, 0, 0]);
      } finally {
        signalbox.clear();
      }
    },
    SLOW,
  );

  test(
    'they refuse a database of another version and say what to do',
    async () => {
      const { url, pool } = await open();
      await pool.query('drop table notes');
      await pool.query(`delete from signalbox_migrations where line = 'host'`);
      const signalbox = program({ DATABASE_URL: url!, SECRET_KEY: 'a key for the tests of roles' });
      const { code, stderr } = await signalbox.run(['worker']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/migration host\/0001_host\.sql[\s\S]*Run: npx signalbox migrate/);
      const command = await signalbox.run(['tenant', 'list']);
      expect(command).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Run: npx signalbox migrate'),
      });
      signalbox.clear();
    },
    SLOW,
  );
});
