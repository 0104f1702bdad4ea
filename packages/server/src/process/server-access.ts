import { CliError } from '../cli/errors.ts';
import type { Io } from '../cli/io.ts';
import { type Access, run } from '../cli/run.ts';
import type { ControlCall } from '../database/embedded/control-socket.ts';
import type { Services } from '../services.ts';

/** Runs a command that another process asks for, with what this server has open. */
export function runForCaller(services: Services, call: ControlCall): Promise<number> {
  const io: Io = {
    stdin: call.stdin,
    stdout: call.stdout,
    stderr: call.stderr,
    isTTY: call.isTTY,
    columns: call.columns,
    cwd: call.cwd,
    env: call.env,
    signal: call.signal,
  };
  return run(call.argv, io, serverAccess(services));
}

function serverAccess(services: Services): Access {
  return {
    config: () => services.config,
    withServices: (work) => work(services),
    withServicesAsIs: (work) => work(services),
    serve: () => Promise.reject(new CliError('A server is started in a process of its own.')),
  };
}
