import fs from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import {
  type ControlHandler,
  type ControlRequest,
  ControlUnavailableError,
  connectControl,
  controlPath,
  serveControl,
} from './control-socket.ts';
import { startChild } from './testing/child.ts';
import { temporaryDirectory } from './testing/directories.ts';

const request: ControlRequest = {
  argv: ['doctor', '--json'],
  env: { LANG: 'de' },
  cwd: '/somewhere',
  stdinIsTTY: false,
  stdoutIsTTY: true,
  columns: 99,
};

async function serve(handler: ControlHandler, directory = temporaryDirectory()): Promise<string> {
  const socketPath = controlPath(directory);
  const server = await serveControl(socketPath, handler);
  onTestFinished(() => server.close());
  return socketPath;
}

/** Calls the server with buffered stdio. */
function call(socketPath: string, input?: Buffer | string) {
  const stdin = new PassThrough();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  if (input !== undefined) stdin.end(input);
  const done = connectControl(socketPath, request, {
    stdin: input === undefined ? undefined : stdin,
    stdout,
    stderr,
  });
  return { stdin, stdout, stderr, done: done.finally(() => [stdout, stderr].map((stream) => stream.end())) };
}

test('a command gets its request and stdin, and its output and exit code come back', async () => {
  const socketPath = await serve(async ({ argv, env, cwd, isTTY, columns, stdin, stdout, stderr }) => {
    stdout.write(`${JSON.stringify({ argv, env, cwd, isTTY, columns })}\n`);
    stdout.write(`read ${await text(stdin)}`);
    stderr.write('careful');
    return 7;
  });
  const { stdout, stderr, done } = call(socketPath, 'the input');
  expect(await done).toBe(7);
  const { argv, env, cwd, columns } = request;
  expect(await text(stdout)).toBe(
    `${JSON.stringify({ argv, env, cwd, isTTY: { stdin: false, stdout: true }, columns })}\nread the input`,
  );
  expect(await text(stderr)).toBe('careful');
});

test('megabytes pass unchanged in both directions, and neither side buffers them all', async () => {
  const socketPath = await serve(async ({ stdin, stdout }) => {
    for await (const chunk of stdin) if (!stdout.write(chunk)) await sleep(0);
    return 0;
  });
  const sent = Buffer.alloc(8 * 1024 * 1024, 'some bytes ');
  const { stdout, done } = call(socketPath, sent);
  const received = buffer(stdout);
  expect(await done).toBe(0);
  expect((await received).equals(sent)).toBe(true);
});

test('output arrives while the command runs, and input can answer it', async () => {
  const socketPath = await serve(async ({ stdin, stdout }) => {
    stdout.write('sure? ');
    for await (const chunk of stdin) {
      stdout.write(`you said ${chunk}`);
      break;
    }
    return 0;
  });
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const done = connectControl(socketPath, request, { stdin, stdout, stderr: new PassThrough() });
  let output = '';
  stdout.on('data', (chunk) => {
    if (output === '') stdin.write('yes');
    output += chunk;
  });
  expect(await done).toBe(0);
  expect(output).toBe('sure? you said yes');
});

test('a command that throws says so on stderr and exits with 1', async () => {
  const socketPath = await serve(async () => {
    throw new Error('no such tenant');
  });
  const { stderr, done } = call(socketPath);
  expect(await done).toBe(1);
  expect(await text(stderr)).toBe('no such tenant\n');
});

test('when the caller is killed, the command is told', async () => {
  let started = () => {};
  let aborted: (value: unknown) => void = () => {};
  const hasStarted = new Promise<void>((resolve) => {
    started = resolve;
  });
  const wasAborted = new Promise((resolve) => {
    aborted = resolve;
  });
  const socketPath = await serve(async ({ signal }) => {
    signal.addEventListener('abort', () => aborted(signal.reason));
    started();
    await wasAborted;
    return 0;
  });
  const caller = startChild('./control-caller.ts', socketPath);
  await hasStarted;
  await caller.kill9();
  expect(await wasAborted).toMatchObject({ message: 'The caller went away.' });
});

test('when the server goes away, the caller hears of it', async () => {
  const directory = temporaryDirectory();
  const server = await serveControl(controlPath(directory), async () => {
    void server.close();
    await sleep(1_000);
    return 0;
  });
  await expect(call(controlPath(directory)).done).rejects.toThrow(
    'went away before the command was finished',
  );
  await expect(call(controlPath(directory)).done).rejects.toThrow(ControlUnavailableError);
});

test('only this user can open the socket; a stale one is replaced, a living one is not', async () => {
  const directory = temporaryDirectory();
  const socketPath = controlPath(directory);
  const holder = startChild('./control-holder.ts', socketPath);
  await holder.nextLine();
  expect(fs.statSync(socketPath).mode & 0o777).toBe(0o600);
  await expect(serveControl(socketPath, async () => 0)).rejects.toThrow('Another server answers');
  await holder.kill9();
  expect(fs.existsSync(socketPath)).toBe(true);
  await serve(async () => 3, directory);
  expect(await call(socketPath).done).toBe(3);
});

test('a path too long for a socket moves to a private directory', async () => {
  const directory = path.join(temporaryDirectory(), 'long'.repeat(40));
  fs.mkdirSync(directory);
  const socketPath = controlPath(directory);
  expect(Buffer.byteLength(socketPath)).toBeLessThanOrEqual(100);
  await serve(async () => 5, directory);
  expect(fs.statSync(path.dirname(socketPath)).mode & 0o777).toBe(0o700);
  expect(await call(socketPath).done).toBe(5);
  onTestFinished(() => fs.rmSync(path.dirname(socketPath), { recursive: true, force: true }));
});
