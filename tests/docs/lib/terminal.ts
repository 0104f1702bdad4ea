import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** One bash in which blocks are pasted one after the other, so that variables and functions stay. */
export interface Terminal {
  /** Resolves to all that was printed; rejects when a command failed. */
  paste(text: string): Promise<string>;
}

const PASTE_MS = 60_000;

export function openTerminal(cwd: string, env: NodeJS.ProcessEnv): Terminal {
  const bash = spawn('bash', ['--noprofile', '--norc', '-s'], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  bash.stdout.setEncoding('utf8');
  onTestFinished(() => void bash.kill('SIGKILL'));
  bash.stdin.write('exec 2>&1\nset -e -o pipefail\n');
  let pasted = 0;

  return {
    paste(text) {
      const mark = `--pasted-${++pasted}--`;
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      let printed = '';
      const fail = (why: string) => reject(new Error(`${why}:\n\n${text}\n${printed}`));
      const timer = setTimeout(() => fail(`it did not end within ${PASTE_MS} ms`), PASTE_MS);
      const onExit = (code: number | null) => fail(`it failed with exit code ${code}`);
      const onData = (chunk: string) => {
        printed += chunk;
        if (printed.includes(mark)) resolve(printed.slice(0, printed.indexOf(mark)));
      };
      bash.stdout.on('data', onData);
      bash.once('close', onExit);
      // The block reads nothing of what follows it.
      bash.stdin.write(`{\n${text}\n} </dev/null\nprintf '%s' '${mark}'\n`);
      return promise.finally(() => {
        clearTimeout(timer);
        bash.stdout.off('data', onData);
        bash.off('close', onExit);
      });
    },
  };
}
