import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { postgresBinaries, serverUid } from './postgres-binaries.ts';

/** A real Postgres server of its own, in a temporary directory, on a random port of 127.0.0.1. */
export interface PostgresServer {
  /** of the `postgres` database, as superuser */
  url: string;
  version: string;
  /** kill -9 of the server. Connections break, data stays. */
  kill(): Promise<void>;
  /** An orderly stop, data stays. */
  halt(): Promise<void>;
  /** Starts it again after `kill` or `halt`, on the same data and port. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
  /** Lets it run on when this process ends; returns what to type to stop it. */
  leaveRunning(): string;
}

export interface PostgresServerOptions {
  /** durable like production (slower); off, a killed server still keeps what it acknowledged */
  fsync?: boolean;
  /** further settings, for example `{ max_connections: '20' }` */
  settings?: Record<string, string>;
}

/**
 * Runs as the server's user, starts and stops the server on the lines it reads, and cleans up when its input
 * ends: so nothing stays behind when the test process is killed with -9.
 */
const keeper = `
trap '' PIPE HUP INT TERM
directory=$1; shift
start() { "$@" >>"$directory/log" 2>&1 </dev/null & server=$!; }
start "$@"
while read -r command; do
  case $command in
    kill) kill -KILL $server; wait $server; echo done ;;
    halt) kill -INT $server; wait $server; echo done ;;
    start) start "$@"; echo done ;;
  esac
done
kill -QUIT $server 2>/dev/null; wait $server
cd / && rm -rf "$directory"
`;

/** Starts a server; about 0.7 s. Rejects with the server's own words when it cannot. */
export async function startPostgresServer(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const directory = fs.mkdtempSync(path.join(temporaryRoot(), 'signalbox-test-postgres-'));
  try {
    if (serverUid !== undefined) fs.chownSync(directory, serverUid, serverUid);
    const binaries = postgresBinaries(directory);
    const data = path.join(directory, 'data');
    initialise(path.join(binaries, 'bin', 'initdb'), data);
    return await run(directory, path.join(binaries, 'bin', 'postgres'), data, options);
  } catch (error) {
    fs.rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

async function run(
  directory: string,
  binary: string,
  data: string,
  { fsync = false, settings = {} }: PostgresServerOptions,
): Promise<PostgresServer> {
  const port = await freePort();
  const flags = serverFlags({
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    fsync: fsync ? 'on' : 'off',
    full_page_writes: fsync ? 'on' : 'off',
    // A kill -9 of the server must not lose what it acknowledged, and needs no fsync for that.
    synchronous_commit: 'on',
    ...settings,
  });
  const child = spawn('sh', ['-c', keeper, 'sh', directory, binary, '-D', data, ...flags], {
    uid: serverUid,
    gid: serverUid,
    cwd: directory,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true, // Ctrl-C in the terminal must not reach it before it has cleaned up
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  });
  setRef(child, false);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const order = async (command: string) => {
    setRef(child, true);
    child.stdin!.write(`${command}\n`);
    await answers.next();
    setRef(child, false);
  };
  let version: string;
  try {
    version = await untilItAnswers(url, path.join(directory, 'log'));
  } catch (error) {
    child.stdin!.end();
    throw error;
  }

  return {
    url,
    version,
    kill: () => order('kill'),
    halt: () => order('halt'),
    async restart() {
      // After kill -9 the server's children need a moment to notice before a new one may start.
      for (let attempt = 1; ; attempt++) {
        await order('start');
        try {
          await untilItAnswers(url, path.join(directory, 'log'), 2_000);
          return;
        } catch (error) {
          if (attempt === 10) throw error;
          await order('kill');
        }
      }
    },
    async stop() {
      if (child.exitCode !== null) return;
      setRef(child, true);
      const exited = once(child, 'exit');
      child.stdin!.end();
      await exited;
    },
    leaveRunning() {
      // A reader that never ends takes this process' place.
      const pid = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0];
      process.kill(child.pid!, 'SIGKILL');
      return `kill ${pid} && rm -rf ${directory}`;
    },
  };
}

function initialise(initdb: string, data: string): void {
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', ...locale], {
    uid: serverUid,
    gid: serverUid,
    stdio: 'pipe',
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  });
}

function serverFlags(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** A server that replays its log after a kill answers that it is starting: that one is waited for longer. */
const RECOVERY_MS = 60_000;

async function untilItAnswers(url: string, log: string, withinMs = 20_000): Promise<string> {
  const began = Date.now();
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query('show server_version');
      return rows[0].server_version;
    } catch (error) {
      const isRecovering = (error as { code?: string }).code === '57P03';
      if (Date.now() > began + (isRecovering ? RECOVERY_MS : withinMs)) {
        const words = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').slice(-1_000) : '';
        throw new Error(`the Postgres server does not answer: ${(error as Error).message}\n${words}`);
      }
      await sleep(20);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A private TMPDIR of root's is of no use to the server's user. */
function temporaryRoot(): string {
  const folder = os.tmpdir();
  if (serverUid === undefined || (fs.statSync(folder).mode & 0o003) === 0o003) return folder;
  return '/tmp';
}

/** A server that nobody stopped does not keep this process alive; one that is asked something does. */
function setRef(child: ChildProcess, alive: boolean): void {
  for (const handle of [child, child.stdin, child.stdout] as unknown as net.Socket[]) {
    if (alive) handle.ref();
    else handle.unref();
  }
}
