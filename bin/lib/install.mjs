import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { adviceFor } from './advice.mjs';
import { acquireLock } from './lock.mjs';
import { say } from './report.mjs';

/**
 * Makes node_modules match package-lock.json, and costs a file read when it does already.
 *
 * A stamp in node_modules names the lock file it was installed from. Without a fitting stamp, npm's own record
 * of what is installed is compared with the lock file, so that an `npm ci` or `npm install` by hand counts.
 *
 * @param {string} root
 * @param {{ withDev: boolean }} needs without dev, a production install (`npm ci --omit=dev`) is left as it is
 * @returns {Promise<{ ok: true } | { ok: false, exitCode: number }>}
 */
export async function ensureInstalled(root, { withDev }) {
  if (isInstalled(root, withDev)) return { ok: true };

  const lock = await acquireLock(path.join(root, '.signalbox', 'install.lock'), {
    onWait: (owner) =>
      say(`Another Signalbox command${owner} is installing the dependencies. Waiting for it.`),
  });
  try {
    if (isInstalled(root, withDev)) return { ok: true };
    return await install(root);
  } finally {
    lock.release();
  }
}

function isInstalled(root, withDev) {
  const lockText = read(path.join(root, 'package-lock.json'));
  if (lockText === null) return fs.existsSync(path.join(root, 'node_modules'));
  const installedText = read(path.join(root, 'node_modules/.package-lock.json'));
  if (installedText === null) return false;

  const stamp = stampOf(lockText, withDev);
  const stamped = (read(stampFile(root)) || '').trim();
  if (stamped === stamp || stamped === stampOf(lockText, true)) return true;
  // Copied from another kind of machine: the binaries do not run here, whatever npm's record says.
  if (stamped && stamped.split(' ')[1] !== machine()) return false;

  if (!matches(JSON.parse(lockText).packages, JSON.parse(installedText).packages, root, withDev))
    return false;
  writeStamp(root, stamp);
  return true;
}

/** True when everything that the lock file asks of this machine is installed in its version. */
function matches(wanted, installed, root, withDev) {
  return Object.keys(wanted).every((key) => {
    const want = wanted[key];
    if (!key.includes('node_modules/')) return true;
    if (want.link) return fs.existsSync(path.join(root, key));
    if (want.dev && !withDev) return true;
    const have = installed[key];
    if (!have) return Boolean(want.optional || want.devOptional || want.peer);
    return have.version === want.version && (!want.integrity || have.integrity === want.integrity);
  });
}

async function install(root) {
  const count = countPackages(root);
  const began = Date.now();
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;
  say(`Installing ${count} dependencies from package-lock.json (needed once, and after an update of them).`);
  const ticker = setInterval(() => say(`  still installing, ${seconds()}`), 10_000);
  const result = await npmCi(root);
  clearInterval(ticker);

  if (result.signal) return { ok: false, exitCode: 130 };
  if (result.code !== 0) {
    say(
      `\nThe dependencies could not be installed: npm ci ended with code ${result.code} after ${seconds()}.\n`,
    );
    say(result.output.trimEnd());
    say(`\n${adviceFor(result.output)}`);
    return { ok: false, exitCode: 1 };
  }
  writeStamp(root, stampOf(read(path.join(root, 'package-lock.json')), true));
  say(`Dependencies installed in ${seconds()}.`);
  return { ok: true };
}

function npmCi(root) {
  const args = ['ci', '--include=dev', '--loglevel=error'];
  const env = Object.assign({}, process.env);
  for (const name of ['npm_config_workspace', 'npm_config_workspaces', 'npm_config_global']) delete env[name];
  // The npm that the user called, else the one on the path.
  const own = process.env.npm_execpath || '';
  const [file, argv] = /npm-cli\.c?js$/.test(own) ? [process.execPath, [own, ...args]] : ['npm', args];

  return new Promise((resolve) => {
    const child = spawn(file, argv, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: file === 'npm' && process.platform === 'win32',
    });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);

    let stoppedBy = null;
    const stop = (signal) => {
      stoppedBy = signal;
      child.kill(signal);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    const done = (code) => {
      process.removeListener('SIGINT', stop);
      process.removeListener('SIGTERM', stop);
      resolve({ code, output, signal: stoppedBy });
    };
    child.on('error', (error) => {
      output += `${error.message}\n`;
      done(1);
    });
    child.on('close', (code) => done(code === null ? 1 : code));
  });
}

function countPackages(root) {
  const { packages } = JSON.parse(read(path.join(root, 'package-lock.json')));
  return Object.keys(packages).filter((key) => {
    const { link, os, cpu } = packages[key];
    return (
      key.includes('node_modules/') &&
      !link &&
      (!os || os.includes(process.platform)) &&
      (!cpu || cpu.includes(process.arch))
    );
  }).length;
}

const stampFile = (root) => path.join(root, 'node_modules', '.signalbox-installed');
const machine = () => `${process.platform}-${process.arch}`;

function stampOf(lockText, withDev) {
  const hash = crypto.createHash('sha256').update(lockText).digest('hex');
  return `${hash} ${machine()} ${withDev ? 'all' : 'production'}`;
}

function writeStamp(root, stamp) {
  try {
    fs.writeFileSync(stampFile(root), `${stamp}\n`);
  } catch {
    // A read-only tree works; it is compared again next time.
  }
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
