/**
 * The first command after a clone. Every npm script of the workspace comes through here:
 *
 *   node bin/bootstrap.mjs start | test | check | bench | chaos | signalbox [...arguments]
 *
 * 1. refuses a Node that is too old, in a sentence;
 * 2. installs the dependencies when node_modules does not match the lock file (bin/lib/install.mjs);
 * 3. picks the Node to run on: the pinned one, else this one when it is new enough (bin/lib/runtime.mjs);
 * 4. becomes the command, or stands in front of it and passes signals and exit code (bin/lib/run.mjs).
 *
 * This file and bin/lib must parse on Node 16 and use nothing but Node, because they run before anything is
 * installed. What they say goes to stderr: stdout belongs to the command.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './lib/install.mjs';
import { say } from './lib/report.mjs';
import { run } from './lib/run.mjs';
import { atLeast, chooseRuntime, OLDEST_TO_BOOT, OLDEST_TO_RUN } from './lib/runtime.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** `needsDev`: the command uses tools that a production install leaves out. */
const COMMANDS = {
  start: { entry: 'packages/server/src/main.ts', args: ['start'], needsDev: false },
  signalbox: { entry: 'packages/server/src/main.ts', args: [], needsDev: false },
  test: { entry: 'node_modules/vitest/vitest.mjs', args: ['run'], needsDev: true },
  check: { entry: 'scripts/check.mjs', args: [], needsDev: true },
  bench: { entry: 'bench/main.ts', args: [], needsDev: true },
  chaos: { entry: 'tests/faults/main.ts', args: [], needsDev: true },
};

async function main() {
  if (!atLeast(process.version, OLDEST_TO_BOOT)) {
    fail(
      `Signalbox needs Node ${OLDEST_TO_BOOT} or newer to set itself up, and this is Node ${process.version.slice(1)}. ` +
        'Install a current Node from https://nodejs.org and run the command again.',
    );
  }
  const [name, ...rest] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    fail(
      `bin/bootstrap.mjs expects one of ${Object.keys(COMMANDS).join(', ')}, got ${name ? `"${name}"` : 'nothing'}.`,
    );
  }

  const canRunHere = atLeast(process.version, OLDEST_TO_RUN);
  const installed = await ensureInstalled(root, { withDev: command.needsDev || !canRunHere });
  if (!installed.ok) {
    process.exit(installed.exitCode);
  }

  const runtime = chooseRuntime(root);
  if (!runtime) {
    fail(
      `Signalbox runs on Node ${OLDEST_TO_RUN} or newer, and this is Node ${process.version.slice(1)}. ` +
        'The Node that comes with the dependencies is not there: its install script did not run ' +
        '(npm has "ignore-scripts" set, or there is no build for this machine).\n' +
        'Either run\n\n    npm rebuild node --ignore-scripts=false\n\nor install Node 24, then run the command again.',
    );
  }
  run(runtime, path.join(root, command.entry), command.args.concat(rest), { root });
}

function fail(message) {
  say(message);
  process.exit(1);
}

main().catch((error) => {
  say(error?.stack ?? String(error));
  process.exit(1);
});
