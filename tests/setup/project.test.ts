import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { node, root } from './support.ts';

const text = (file: string) => readFileSync(join(root, file), 'utf8');

it('the project says under which licence it is used, how to contribute, and how to report a vulnerability', () => {
  expect(text('LICENSE')).toContain('MIT License');
  expect(text('LICENSE')).toContain('Copyright (c) 2026 The Signalbox authors');
  expect(text('CONTRIBUTING.md')).toContain('npm test');
  expect(text('SECURITY.md')).toMatch(/report/i);
});

it('every npm script works as the first command after a clone', () => {
  const { scripts } = JSON.parse(text('package.json'));
  // exec: npm passes a signal to the shell it starts, which would die of it and leave the command behind.
  for (const [name, command] of Object.entries(scripts)) {
    expect(command).toBe(`exec node bin/bootstrap.mjs ${name}`);
  }
});

it('the lock file is accepted by every npm on every system', async () => {
  expect(await node([join(root, 'scripts/check-lock.mjs')]).finished).toMatchObject({ code: 0, stderr: '' });
});

it.each(['.ci/run', 'scripts/install-check.sh', 'packages/server/bin/signalbox.mjs'])(
  '%s can be executed',
  (file) => {
    expect(() => accessSync(join(root, file), constants.X_OK)).not.toThrow();
  },
);
