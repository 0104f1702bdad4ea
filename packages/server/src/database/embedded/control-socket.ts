import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { type FrameType, frame, readFrames, writeFrames } from './control-frames.ts';
import { ensurePrivateDirectory } from './control-path.ts';

export { controlPath } from './control-path.ts';

/** A command that one process asks another, of the same user on the same machine, to run for it. */
export interface ControlRequest {
  argv: string[];
  /** variables the command may want to know; the server's own environment is not changed */
  env?: Record<string, string>;
  cwd: string;
  stdinIsTTY: boolean;
  stdoutIsTTY: boolean;
  columns?: number;
}

export interface ControlCall {
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  isTTY: { stdin: boolean; stdout: boolean };
  columns: number | undefined;
  /** aborted when the caller goes away */
  signal: AbortSignal;
}

/** Runs one command; resolves to its exit code. A rejection is shown on stderr and is exit code 1. */
export type ControlHandler = (call: ControlCall) => Promise<number>;

export interface ControlServer {
  /** Stops listening and cuts off running calls. */
  close(): Promise<void>;
}

export interface ControlStdio {
  stdin?: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** There is no server behind the path (any more). */
export class ControlUnavailableError extends Error {
  constructor(path: string, cause: Error) {
    super(`Nothing answers on the control socket ${path}.`, { cause });
    this.name = 'ControlUnavailableError';
  }
}

/**
 * Listens on a local socket that only this user can open (mode 0600) and runs `handler` for every call. A
 * socket left behind by a killed process is replaced; one that answers is not.
 */
export async function serveControl(socketPath: string, handler: ControlHandler): Promise<ControlServer> {
  const isFile = process.platform !== 'win32';
  if (isFile) {
    ensurePrivateDirectory(path.dirname(socketPath));
    await removeStale(socketPath);
  }
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    answer(socket, handler);
  });
  await listenPrivately(server, socketPath);
  return {
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * Has the server run a command with this process's stdio; resolves to the exit code. Rejects with
 * {@link ControlUnavailableError} when there is no server, with an Error when it goes away midway.
 */
export function connectControl(
  socketPath: string,
  request: ControlRequest,
  { stdin, stdout, stderr }: ControlStdio,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path: socketPath });
    let connected = false;
    let exitCode: number | undefined;
    const sendInput = (bytes: Buffer | string) => {
      stdin?.pause();
      writeFrames(socket, frame.stdin, Buffer.from(bytes as string), () => {
        // also called when the socket has closed, and then nobody takes what would come
        if (!socket.destroyed) stdin?.resume();
      });
    };
    const endInput = () => writeFrames(socket, frame.stdin, Buffer.alloc(0));

    socket.on('connect', () => {
      connected = true;
      writeFrames(socket, frame.request, Buffer.from(JSON.stringify(request)));
      if (!stdin) return endInput();
      stdin.on('data', sendInput);
      stdin.on('end', endInput);
    });
    const output = (stream: Writable, payload: Buffer) => {
      if (stream.write(payload)) return;
      socket.pause();
      stream.once('drain', () => socket.resume());
    };
    readFrames(socket, (type, payload) => {
      if (type === frame.stdout) output(stdout, payload);
      else if (type === frame.stderr) output(stderr, payload);
      else if (type === frame.exit) {
        exitCode = Number(payload.toString());
        socket.end();
      }
    });
    let failure: Error | undefined;
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', () => {
      stdin?.off('data', sendInput);
      stdin?.off('end', endInput);
      stdin?.pause(); // else a terminal keeps the process alive
      if (exitCode !== undefined) resolve(exitCode);
      else if (!connected) reject(new ControlUnavailableError(socketPath, failure ?? new Error('closed')));
      else reject(new Error('The server went away before the command was finished.', { cause: failure }));
    });
  });
}

function answer(socket: net.Socket, handler: ControlHandler): void {
  const aborted = new AbortController();
  const stdin = new Readable({ read: () => socket.resume() });
  let started = false;
  socket.on('error', () => {}); // 'close' follows
  socket.on('end', () => stdin.push(null));
  socket.on('close', () => {
    aborted.abort(new Error('The caller went away.'));
    stdin.destroy();
  });

  readFrames(socket, (type: FrameType, payload) => {
    if (type === frame.request && !started) {
      started = true;
      void run(JSON.parse(payload.toString()) as ControlRequest);
    } else if (type === frame.stdin && started) {
      const more = stdin.push(payload.byteLength === 0 ? null : payload);
      if (!more && payload.byteLength > 0) socket.pause();
    } else {
      socket.destroy();
    }
  });

  async function run(request: ControlRequest): Promise<void> {
    const stdout = outputStream(socket, frame.stdout);
    const stderr = outputStream(socket, frame.stderr);
    let code: number;
    try {
      code = await handler({
        argv: request.argv,
        env: request.env ?? {},
        cwd: request.cwd,
        stdin,
        stdout,
        stderr,
        isTTY: { stdin: request.stdinIsTTY, stdout: request.stdoutIsTTY },
        columns: request.columns,
        signal: aborted.signal,
      });
    } catch (error) {
      code = 1;
      if (!socket.destroyed) stderr.write(`${(error as Error).message}\n`);
    }
    await Promise.all([flushed(stdout), flushed(stderr)]);
    if (socket.destroyed) return;
    socket.resume();
    writeFrames(socket, frame.exit, Buffer.from(String(code)));
    socket.end();
  }
}

function outputStream(socket: net.Socket, type: FrameType): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (socket.destroyed) done();
      else writeFrames(socket, type, chunk, done);
    },
  });
}

/** Resolves when everything written so far is with the socket. Ends the stream. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableFinished) return resolve();
    stream.once('close', resolve);
    stream.end();
  });
}

async function removeStale(socketPath: string): Promise<void> {
  if (!fs.existsSync(socketPath)) return;
  const alive = await new Promise<boolean>((resolve) => {
    const probe = net.connect({ path: socketPath });
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
  if (alive) throw new Error(`Another server answers on the control socket ${socketPath}.`);
  fs.rmSync(socketPath, { force: true });
}

function listenPrivately(server: net.Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The socket file is made within this call, and must not be open to others even for a moment.
    const mask = process.platform === 'win32' ? undefined : process.umask(0o177);
    try {
      server.listen({ path: socketPath, exclusive: true }, resolve);
    } finally {
      if (mask !== undefined) process.umask(mask);
    }
  });
}
