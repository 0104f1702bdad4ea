#!/usr/bin/env node
// The `signalbox` command. The check of the version comes first and in plain old syntax, so that an old Node
// says what to do instead of failing on a word it does not know.
import fs from 'node:fs';

const OLDEST = [22, 19];
// In the workspace the dependencies bring a Node of their own.
const bootstrap = new URL('../../../bin/bootstrap.mjs', import.meta.url);
const pinned = new URL('../../../node_modules/node/bin/node', import.meta.url);

const have = process.versions.node.split('.').map(Number);
if (have[0] > OLDEST[0] || (have[0] === OLDEST[0] && have[1] >= OLDEST[1])) {
  import('../src/main.ts').catch(stop);
} else if (fs.existsSync(bootstrap) && fs.existsSync(pinned)) {
  process.argv.splice(2, 0, 'signalbox');
  import(bootstrap.href).catch(stop);
} else {
  stop(
    `signalbox needs Node ${OLDEST.join('.')} or newer, and this is Node ${process.versions.node}. ` +
      'Install Node 24 from https://nodejs.org and run the command again.',
  );
}

function stop(error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exit(1);
}
