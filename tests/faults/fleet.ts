import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SECRET_KEY } from './host.ts';

const MAIN = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));
/** Ends a process whose parent is gone, so that a run that was killed leaves nothing behind. */
const FOLLOW_PARENT = new URL('../../bin/lib/follow-parent.mjs', import.meta.url).href;
const READY_MS = 60_000;
const KEPT_OUTPUT = 8_000;

/** One process of the program, which a supervisor (this) starts again. */
export interface Member {
  name: string;
  role: 'web' | 'worker' | 'scheduler' | 'all';
  readonly pid: number | undefined;
  /** Starts it, again and again while it cannot start, and waits until it says that it is ready. */
  start(): Promise<void>;
  /** Sends a signal that ends it; resolves to its exit code, null when it was killed. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /** Stops its clock, so to say: SIGSTOP. */
  freeze(): void;
  thaw(): void;
}

export interface Fleet {
  origin: string;
  members: Member[];
  of(role: Member['role']): Member[];
  /** Processes that ended although nobody asked them to, with their last words. None is the promise. */
  collapsed: string[];
  close(): Promise<void>;
}

export interface FleetOptions {
  /** Absent: the embedded database in `directory`, one process. */
  databaseUrl?: string;
  directory: string;
  workers?: number;
  schedulers?: number;
  /** Deliveries at once in one worker. */
  slots: number;
}

/** The real program in its own processes, roles apart when there is a server. Starts nothing yet. */
export async function createFleet(options: FleetOptions): Promise<Fleet> {
  const { databaseUrl, directory, slots, workers = 2, schedulers = 2 } = options;
  const port = await freePort();
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TMPDIR: process.env.TMPDIR,
    SIGNALBOX_ENV: 'development',
    SIGNALBOX_DATA: directory,
    PORT: String(port),
    CONCURRENCY: String(slots),
    LOG_LEVEL: 'info',
    SECRET_KEY,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  };
  const collapsed: string[] = [];
  const member = (name: string, role: Member['role']) =>
    createMember(name, role, { env, directory, collapsed });
  const numbered = (role: 'worker' | 'scheduler', count: number) =>
    Array.from({ length: count }, (_, index) => member(`${role}-${index + 1}`, role));
  const members = databaseUrl
    ? [member('web', 'web'), ...numbered('worker', workers), ...numbered('scheduler', schedulers)]
    : [createMember('the one process', 'all', { env, directory, collapsed, command: 'start' })];

  return {
    origin: `http://127.0.0.1:${port}`,
    members,
    collapsed,
    of: (role) => members.filter((one) => one.role === role),
    async close() {
      await Promise.all(members.map((one) => one.end('SIGKILL')));
    },
  };
}

interface MemberOptions {
  env: NodeJS.ProcessEnv;
  directory: string;
  collapsed: string[];
  command?: string;
}

function createMember(
  name: string,
  role: Member['role'],
  { env, directory, collapsed, command = role }: MemberOptions,
): Member {
  let child: ChildProcess | null = null;
  let isWanted = false;
  let starting: Promise<void> | null = null;
  let lastOutput = '';

  /** Resolves to whether it became ready. */
  async function launch(): Promise<boolean> {
    let output = '';
    const started = spawn(process.execPath, ['--import', FOLLOW_PARENT, MAIN, command], {
      env: { ...env, SIGNALBOX_PARENT_PID: String(process.pid) },
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const ready = new Promise<boolean>((resolve) => {
      const hear = (chunk: Buffer) => {
        output = (output + chunk).slice(-KEPT_OUTPUT);
        lastOutput = output;
        if (/"msg":"ready"/.test(output)) resolve(true);
      };
      started.stdout!.on('data', hear);
      started.stderr!.on('data', hear);
      started.once('exit', (code, signal) => {
        resolve(false);
        if (child === started) child = null;
        else return; // it was asked to
        if (!isReady) return; // it could not start: the database may be away
        collapsed.push(`${name} ended by itself (${code ?? signal}):\n${output.slice(-2_500)}`);
        if (isWanted) void member.start();
      });
    });
    let isReady = false;
    isReady = await ready;
    return isReady;
  }

  const member: Member = {
    name,
    role,
    get pid() {
      return child?.pid;
    },
    start() {
      isWanted = true;
      starting ??= (async () => {
        const deadline = performance.now() + READY_MS;
        while (isWanted && child === null && !(await launch())) {
          if (performance.now() > deadline)
            throw new Error(`${name} did not start within ${READY_MS} ms:\n${lastOutput}`);
          await sleep(200);
        }
      })().finally(() => {
        starting = null;
      });
      return starting;
    },
    async end(signal) {
      isWanted = false;
      const ending = child;
      child = null;
      if (!ending || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null;
      const exited = once(ending, 'exit');
      ending.kill(signal);
      if (signal === 'SIGKILL') ending.kill('SIGCONT');
      const [code] = await exited;
      return code;
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
  return member;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
