import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../cli/errors.ts';
import type { Io } from '../cli/io.ts';
import { ControlUnavailableError, connectControl, controlPath } from '../database/embedded/control-socket.ts';
import type { HostProcess } from './host-process.ts';

const START_MS = 20_000;
const POLL_MS = 200;

/**
 * Has the server that holds the data directory run a command, with this process's input and output. A
 * server that is just starting (or ending) holds the directory but does not answer: it is waited for.
 */
export async function forward(
  argv: readonly string[],
  io: Io,
  host: HostProcess,
  dataDirectory: string,
  whyNotHere: string,
): Promise<number> {
  const request = {
    argv: [...argv],
    cwd: io.cwd,
    stdinIsTTY: io.isTTY.stdin,
    stdoutIsTTY: io.isTTY.stdout,
    columns: io.columns,
  };
  const rawInput = io.isTTY.stdin && isInteractive(argv);
  for (const deadline = Date.now() + START_MS; ; await sleep(POLL_MS)) {
    try {
      host.setRawInput(rawInput);
      return await connectControl(controlPath(dataDirectory), request, io);
    } catch (error) {
      if (!(error instanceof ControlUnavailableError)) throw error;
      if (Date.now() > deadline) throw new CliError(`${whyNotHere}\nIt does not take commands either.`);
    } finally {
      host.setRawInput(false);
    }
  }
}

/** The shell edits its own line, so it wants every key as it is pressed. */
function isInteractive(argv: readonly string[]): boolean {
  return (
    argv[0] === 'shell' &&
    !argv.some((argument) => argument.startsWith('-e') || argument.startsWith('--eval'))
  );
}
