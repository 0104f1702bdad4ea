import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { folder, node, plainEnv, root } from './support.ts';

const LOCK = {
  packages: { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0', dev: true } },
};

/** Stands in for npm: counts its runs, and installs what the lock file says or fails with `$FAIL`. */
const NPM = `
  const fs = require('node:fs');
  fs.appendFileSync('runs', process.argv.slice(2).join(' ') + '\\n');
  if (process.env.FAIL) { console.error(process.env.FAIL); process.exit(1); }
  setTimeout(() => {
    fs.mkdirSync('node_modules', { recursive: true });
    fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
  }, 100);`;

function workspace(files: Record<string, string | object> = {}) {
  const lib = pathToFileURL(join(root, 'bin/lib/install.mjs')).href;
  const dir = folder({
    'package-lock.json': LOCK,
    'npm-cli.js': NPM,
    'install.mjs': `
      import { ensureInstalled } from ${JSON.stringify(lib)};
      const withDev = process.argv[2] !== '--production';
      console.log(JSON.stringify(await ensureInstalled(import.meta.dirname, { withDev })));`,
    ...files,
  });
  const env = (extra = {}) => plainEnv({ npm_execpath: join(dir, 'npm-cli.js'), ...extra });
  return {
    install: (args: string[] = [], extra: Record<string, string> = {}) =>
      node([join(dir, 'install.mjs'), ...args], { env: env(extra) }).finished,
    npmRuns: () =>
      existsSync(join(dir, 'runs')) ? readFileSync(join(dir, 'runs'), 'utf8').trim().split('\n') : [],
    dir,
  };
}

describe('installing the dependencies', () => {
  it('happens once, however many commands start at the same time', async () => {
    const { install, npmRuns, dir } = workspace();
    const [first, second] = await Promise.all([install(), install()]);
    expect([first.stdout, second.stdout]).toEqual(['{"ok":true}\n', '{"ok":true}\n']);
    expect(npmRuns()).toEqual(['ci --include=dev --loglevel=error']);
    expect(first.stderr + second.stderr).toContain('Installing 2 dependencies');
    expect(first.stderr + second.stderr).toMatch(/Another Signalbox command \(process \d+\) is installing/);
    expect(existsSync(join(dir, '.signalbox'))).toBe(false);
  });

  it('is not repeated for what npm was asked to install by hand', async () => {
    const { install, npmRuns } = workspace({ 'node_modules/.package-lock.json': LOCK });
    expect(await install()).toMatchObject({ stdout: '{"ok":true}\n', stderr: '' });
    expect(npmRuns()).toEqual([]);
  });

  it('is repeated when the lock file asks for another version', async () => {
    const older = { packages: { ...LOCK.packages, 'node_modules/a': { version: '0.9.0' } } };
    const { install, npmRuns } = workspace({ 'node_modules/.package-lock.json': older });
    await install();
    expect(npmRuns()).toHaveLength(1);
  });

  it('leaves a production install alone, until a command needs the tools', async () => {
    const { 'node_modules/a': a } = LOCK.packages;
    const production = { packages: { 'node_modules/a': a } };
    const { install, npmRuns } = workspace({ 'node_modules/.package-lock.json': production });
    await install(['--production']);
    expect(npmRuns()).toEqual([]);
    await install();
    expect(npmRuns()).toHaveLength(1);
  });

  it.each([
    ['npm error code ENOTFOUND', 'offline'],
    ['npm error code E403', 'registry refused'],
    ['npm error code ENOSPC', 'disk is full'],
  ])('shows what npm said and what to do after "%s"', async (said, advice) => {
    const { install } = workspace();
    const { stdout, stderr } = await install([], { FAIL: said });
    expect(stdout).toBe('{"ok":false,"exitCode":1}\n');
    expect(stderr).toContain(said);
    expect(stderr).toContain(advice);
  });

  it('goes on after a command that was killed while it installed', async () => {
    const { hostname } = await import('node:os');
    const dead = { pid: 2 ** 22 + 1, host: hostname() };
    const { install, npmRuns } = workspace({ '.signalbox/install.lock/owner.json': dead });
    expect((await install()).stdout).toBe('{"ok":true}\n');
    expect(npmRuns()).toHaveLength(1);
  });
});
