import { type REPLEval, start } from 'node:repl';
import type { Io } from '../io.ts';
import { BANNER } from './banner.ts';

/** An interactive prompt on the caller's streams. Resolves when it is left or the caller goes away. */
export async function runRepl(io: Io, names: Record<string, unknown>): Promise<void> {
  const terminal = io.isTTY.stdin && io.isTTY.stdout;
  if (terminal) io.stdout.write(BANNER);
  const repl = start({
    input: io.stdin,
    output: io.stdout,
    prompt: terminal ? 'signalbox> ' : '',
    terminal,
    useColors: terminal,
    useGlobal: false,
    ignoreUndefined: true,
  });
  // It may run inside the server: ending the process is not the caller's to do. Defined, not assigned: the
  // context's `process` is an accessor, and assigning would take it from the whole server.
  for (const [name, value] of Object.entries({ ...names, process: undefined })) {
    Object.defineProperty(repl.context, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: true,
    });
  }
  const { evaluate, settled } = awaiting(repl.eval.bind(repl));
  (repl as { eval: REPLEval }).eval = evaluate;
  const leave = () => repl.close();
  io.signal.addEventListener('abort', leave);
  await new Promise((resolve) => repl.once('exit', resolve));
  io.signal.removeEventListener('abort', leave);
  // Piped input ends before its last line has been answered.
  await settled();
}

/** What a line gives is awaited before it is printed, so that nobody has to type `await`. */
function awaiting(original: REPLEval): { evaluate: REPLEval; settled(): Promise<unknown> } {
  let last: Promise<unknown> = Promise.resolve();
  return {
    settled: () => last,
    evaluate(this: ThisParameterType<REPLEval>, code, context, file, done) {
      original.call(this, code, context, file, (error, result) => {
        if (error !== null) return done(error, undefined);
        const answered = Promise.resolve(result).then(
          (value) => done(null, value),
          (rejection: Error) => done(rejection, undefined),
        );
        last = Promise.all([last, answered]);
      });
    },
  };
}
