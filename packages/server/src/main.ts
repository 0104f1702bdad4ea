import { EXIT, RunInServer } from './cli/errors.ts';
import { run } from './cli/run.ts';
import { readConfig } from './config/read-config.ts';
import { forward } from './process/forward.ts';
import { endProcess, processIo, thisProcess } from './process/host-process.ts';
import { localAccess } from './process/local-access.ts';

/** The entry point: this process's arguments and streams, and nothing else of it. */
async function main(): Promise<number> {
  const io = processIo();
  const argv = process.argv.slice(2);
  try {
    return await run(argv, io, localAccess(io, thisProcess));
  } catch (error) {
    if (!(error instanceof RunInServer)) throw error;
    const { dataDirectory } = readConfig(io.env, io.cwd);
    return await forward(argv, io, thisProcess, dataDirectory, error.message);
  }
}

main().then(endProcess, (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  endProcess(EXIT.failure);
});
