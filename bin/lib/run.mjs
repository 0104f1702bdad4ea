import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { say } from './report.mjs';

const FOLLOW_PARENT = new URL('./follow-parent.mjs', import.meta.url).href;

/**
 * Runs `entry` on the Node at `runtime`. Where this Node can (Unix, 22.15 and newer) the process becomes the
 * command, so there is nobody in between. Otherwise a child runs it: it gets the terminal, every signal that
 * this process gets, and its exit code or signal becomes ours.
 *
 * Either way the command stops (by SIGTERM to itself) when the process that started it is gone. `npm` and the
 * shell it starts scripts with die at once by a signal, and would leave the command running unseen.
 */
export function run(runtime, entry, args, { root, exec = typeof process.execve === 'function' }) {
  const argv = ['--disable-warning=ExperimentalWarning', '--import', FOLLOW_PARENT, entry, ...args];
  const env = Object.assign({}, process.env);
  const bin = path.join(root, 'node_modules', '.bin');
  if ((env.PATH || '').split(path.delimiter)[0] !== bin) {
    env.PATH = env.PATH ? bin + path.delimiter + env.PATH : bin;
  }

  if (exec && process.platform !== 'win32') {
    // Started by npm, the command follows npm. Started by hand, it may outlive the shell (nohup, &).
    if (env.npm_lifecycle_event) env.SIGNALBOX_PARENT_PID = String(process.ppid);
    become(runtime, [runtime, ...argv], env);
    return;
  }
  env.SIGNALBOX_PARENT_PID = String(process.pid);
  standInFront(spawn(runtime, argv, { stdio: 'inherit', env }), runtime);
}

function become(file, argv, env) {
  // execve is announced as experimental; whoever starts Signalbox has no use for that line.
  process.emitWarning = () => {};
  process.execve(file, argv, env);
}

function standInFront(child, runtime) {
  // Ctrl-C in a terminal reaches the whole process group: the child has it already, and a second one
  // would mean "now!" to a command that is draining.
  const fromTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const handlers = new Map();
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGUSR2']) {
    const shared = fromTerminal && signal !== 'SIGTERM' && signal !== 'SIGUSR2';
    const handler = () => {
      if (!shared) child.kill(signal);
    };
    if (process.platform === 'win32' && (signal === 'SIGUSR2' || signal === 'SIGQUIT')) continue;
    process.on(signal, handler);
    handlers.set(signal, handler);
  }

  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) {
    setInterval(() => {
      if (process.ppid !== parent) child.kill('SIGTERM');
    }, 500).unref();
  }

  child.on('error', (error) => {
    say(`Node at ${runtime} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    for (const [name, handler] of handlers) process.removeListener(name, handler);
    if (!signal) process.exit(code);
    process.kill(process.pid, signal);
    // A signal that Node does not die of by default (SIGUSR1) leaves us here.
    setTimeout(() => process.exit(128 + (os.constants.signals[signal] || 0)), 100);
  });
}
