import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { isDeadHere, pidSpace } from './registry.ts';

test('only a process whose ids are ours is taken for dead because its id is unknown', () => {
  const ended = spawnSync(process.execPath, ['--version']).pid;
  expect(isDeadHere(pidSpace(), ended)).toBe(pidSpace() !== null);
  expect(isDeadHere(pidSpace(), process.pid)).toBe(false);
  // another container of the same machine and name
  expect(isDeadHere(`${pidSpace()} `, ended)).toBe(false);
  expect(isDeadHere(null, ended)).toBe(false);
});
