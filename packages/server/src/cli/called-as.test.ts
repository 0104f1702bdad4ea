import { expect, test } from 'vitest';
import { calledAs } from './called-as.ts';

test.each([
  ['/home/me/clone/node_modules/.bin/signalbox', 'npx signalbox'],
  ['/home/me/clone/packages/server/src/main.ts', 'npx signalbox'],
  ['C:\\clone\\packages\\server\\bin\\signalbox.mjs', 'npx signalbox'],
  ['/usr/local/bin/signalbox', 'signalbox'],
  ['', 'signalbox'],
])('advice to whoever ran %s is to run %s', (script, expected) => {
  expect(calledAs(script)).toBe(expected);
});
