import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { TestDatabase } from './test-database.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));

/** The real program in its own processes, on a database of the test's. */
export interface App {
  origin: string;
  /** Starts `signalbox start` (or other roles) and waits until it says that it is ready. */
  start(command?: string[]): Promise<void>;
  /** Sends a signal and waits for the end; returns the exit code, null after a kill. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Runs one command to its end. */
  command(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** A tenant with an admin's key. */
  tenant(slug: string): Promise<{ id: number; api: Api }>;
}

export type Api = (method: string, path: string, body?: unknown) => Promise<{ status: number; body: never }>;

const START_MS = 60_000;

/** `database` null: the embedded one, in a directory that is removed after the test. */
export async function createApp(database: TestDatabase | null): Promise<App> {
  const directory = await mkdtemp(join(tmpdir(), 'signalbox-app-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: 'development',
    SIGNALBOX_DATA: directory,
    PORT: String(port),
    LOG_LEVEL: 'warn',
    SECRET_KEY: 'the key of the tests which is long enough',
    DATABASE_URL: database?.url,
  };
  if (!database) delete env.DATABASE_URL;
  let running: ChildProcess | null = null;
  let output = '';

  onTestFinished(async () => {
    if (running) await end('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const child = running!;
    running = null;
    if (child.exitCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  const app: App = {
    origin,
    end,

    async start(command = ['start']) {
      output = '';
      const child = spawn(process.execPath, [MAIN, ...command], {
        env,
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running = child;
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          output += chunk;
        });
      }
      const deadline = Date.now() + START_MS;
      for (;;) {
        const ready = await fetch(`${origin}/readyz`).catch(() => null);
        if (ready?.ok) return;
        if (child.exitCode !== null || Date.now() > deadline)
          throw new Error(`the program did not start:\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },

    async command(...args) {
      const child = spawn(process.execPath, [MAIN, ...args], {
        env,
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk;
      });
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk;
      });
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      return { code, stdout, stderr };
    },

    async tenant(slug) {
      const made = await app.command('tenant', 'create', '--slug', slug, '--name', `Shop ${slug}`);
      if (made.code !== 0) throw new Error(`tenant create failed: ${made.stderr}`);
      const key = await app.command(
        'apikey',
        'create',
        '--tenant',
        slug,
        '--name',
        'test',
        '--role',
        'admin',
      );
      if (key.code !== 0) throw new Error(`apikey create failed: ${key.stderr}`);
      const authorization = `Bearer ${key.stdout.trim()}`;
      const api: Api = async (method, path, body) => {
        const answer = await fetch(`${origin}/api/v1${path}`, {
          method,
          headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        return { status: answer.status, body: (text ? JSON.parse(text) : null) as never };
      };
      return { id: Number(made.stdout.trim()), api };
    },
  };
  return app;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
