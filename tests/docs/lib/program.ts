import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ROOT } from './blocks.ts';

/** The real program, started as a reader of the documents would have it: embedded database, demo data, inbox. */
export interface Program {
  port: number;
  /** What a command in another terminal needs to find it. */
  env: NodeJS.ProcessEnv;
  /** The key that it printed. */
  demoKey: string;
  /** Resolves when nothing is left to dispatch or to deliver now. A person who types is slower than that. */
  quiet(): Promise<void>;
  /** As Ctrl-C does; resolves to the exit code. */
  interrupt(): Promise<number | null>;
}

const START_MS = 90_000;
const QUIET_MS = 20_000;

/** `root`: the repository, or a copy of it. Ended, and its data removed, after the test. */
export async function startProgram(root = ROOT): Promise<Program> {
  const data = await mkdtemp(join(tmpdir(), 'signalbox-docs-'));
  const port = await freePort();
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: 'development',
    SIGNALBOX_DATA: join(data, 'data'),
    PORT: String(port),
    LOG_LEVEL: 'warn',
    PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
  };
  for (const name of ['DATABASE_URL', 'SECRET_KEY', 'SIGNALBOX_ENV']) delete env[name];

  const child = spawn(process.execPath, [join(root, 'packages/server/bin/signalbox.mjs'), 'start'], {
    env,
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    await end(child, 'SIGKILL');
    await rm(data, { recursive: true, force: true });
  });
  const said = await untilReady(child);
  const origin = `http://127.0.0.1:${port}`;

  return {
    port,
    env,
    demoKey: /Demo key\s+(\S+)/.exec(said)?.[1] ?? '',
    interrupt: () => end(child, 'SIGINT'),
    async quiet() {
      // Several times in a row: between two deliveries of one record nothing is due for a moment.
      let quietLooks = 0;
      for (const deadline = Date.now() + QUIET_MS; ; ) {
        const metrics = await (await fetch(`${origin}/metrics`)).text();
        const at = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
        const isQuiet = at('signalbox_changes_undispatched') === 0 && at('signalbox_syncs_due') === 0;
        quietLooks = isQuiet ? quietLooks + 1 : 0;
        if (quietLooks === 5) return;
        if (Date.now() > deadline) throw new Error(`the program was still busy after ${QUIET_MS} ms`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

async function untilReady(child: ChildProcess): Promise<string> {
  let said = '';
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.includes('Signalbox is ready')) resolve();
    });
  }
  child.once('exit', (code) => reject(new Error(`the program ended with ${code}:\n${said}`)));
  const timer = setTimeout(() => reject(new Error(`the program was not ready:\n${said}`)), START_MS);
  await promise.finally(() => clearTimeout(timer));
  return said;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return ended;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
