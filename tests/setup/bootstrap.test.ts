import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { folder, node, plainEnv, printed, root } from './support.ts';

const bootstrap = join(root, 'bin/bootstrap.mjs');

function pretendVersion(version: string): string[] {
  const code = `Object.defineProperty(process, 'version', { value: '${version}' })`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

describe('the first command', () => {
  it('tells a Node that is too old what to do, in a sentence', async () => {
    const { code, stdout, stderr } = await node([...pretendVersion('v18.19.1'), bootstrap, 'start']).finished;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Signalbox needs Node 20\.0\.0 or newer .* this is Node 18\.19\.1\. Install /);
  });

  it('names the commands it knows when asked for another', async () => {
    const { code, stderr } = await node([bootstrap, 'sing']).finished;
    expect(code).toBe(1);
    expect(stderr).toContain('expects one of start, signalbox, test, check, bench, chaos, got "sing"');
  });
});

describe('the signalbox command', () => {
  it('tells a Node that is too old what to do when it brings none of its own', async () => {
    const source = join(root, 'packages/server/bin/signalbox.mjs');
    const { readFileSync } = await import('node:fs');
    const dir = folder({ 'packages/server/bin/signalbox.mjs': readFileSync(source, 'utf8') });
    const pretend = `Object.defineProperty(process, 'versions', { value: { node: '20.1.0' } })`;
    const { code, stderr } = await node([
      '--import',
      `data:text/javascript,${encodeURIComponent(pretend)}`,
      join(dir, 'packages/server/bin/signalbox.mjs'),
    ]).finished;
    expect(code).toBe(1);
    expect(stderr).toBe(
      'signalbox needs Node 22.19 or newer, and this is Node 20.1.0. ' +
        'Install Node 24 from https://nodejs.org and run the command again.\n',
    );
  });
});

describe.each([
  { how: 'by becoming it', exec: true },
  { how: 'as a child', exec: false },
])('running the command $how', ({ exec }) => {
  /** Runs `entry` the way bin/bootstrap.mjs does. */
  function run(entry: string, args: string[] = [], env: Record<string, string> = {}) {
    const lib = pathToFileURL(join(root, 'bin/lib/run.mjs')).href;
    const dir = folder({
      'entry.ts': entry,
      'front.mjs': `
        import { run } from ${JSON.stringify(lib)};
        run(process.execPath, new URL('./entry.ts', import.meta.url).pathname, process.argv.slice(2), {
          root: '/somewhere',
          ${exec ? '' : 'exec: false,'}
        });`,
    });
    return node([join(dir, 'front.mjs'), ...args], { env: plainEnv(env) });
  }

  it('hands over arguments, the path to the installed tools, and nothing of its own', async () => {
    const { code, stdout, stderr } = await run(
      `const own: string[] = Object.keys(process.env).filter((name) => name.startsWith('SIGNALBOX_'));
       console.log(JSON.stringify([process.argv.slice(2), process.env.PATH!.split(':')[0], own]));`,
      ['start', '--port=1', 'a b'],
    ).finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual([['start', '--port=1', 'a b'], '/somewhere/node_modules/.bin', []]);
  });

  it('ends with the exit code of the command', async () => {
    expect(await run('process.exit(7);').finished).toMatchObject({ code: 7, signal: null });
  });

  it('ends by the signal that ended the command', async () => {
    const ended = await run(`process.kill(process.pid, 'SIGKILL');`).finished;
    expect(ended).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('lets the command drain after %s', async (signal) => {
    const child = run(`
      process.once('${signal}', () => setTimeout(() => { console.log('drained'); process.exit(0); }, 50));
      setInterval(() => {}, 1000);
      console.log('up');`);
    await printed(child, 'up');
    child.kill(signal);
    expect(await child.finished).toMatchObject({ code: 0, signal: null, stdout: 'up\ndrained\n' });
  });
});

it('a command does not outlive the process in front of it, even when that is killed', async () => {
  const lib = pathToFileURL(join(root, 'bin/lib/run.mjs')).href;
  const dir = folder({
    'entry.mjs': `
      process.once('SIGTERM', () => { console.log('drained'); process.exit(0); });
      setInterval(() => {}, 1000);
      console.log('up');`,
    'front.mjs': `
      import { run } from ${JSON.stringify(lib)};
      run(process.execPath, new URL('./entry.mjs', import.meta.url).pathname, [], { root: '/', exec: false });`,
  });
  const child = node([join(dir, 'front.mjs')], { env: plainEnv() });
  await printed(child, 'up');
  child.kill('SIGKILL');
  expect((await child.finished).stdout).toBe('up\ndrained\n');
});
