import { expect, test } from 'vitest';
import { readConfig } from '../config/read-config.ts';
import { readyBlock } from './ready-block.ts';

const facts = {
  config: readConfig({ SIGNALBOX_ENV: 'production' }, '/srv'),
  url: 'http://127.0.0.1:3000',
  databaseKind: 'embedded',
  demo: null,
} as const;

test('without a tenant the first step is to make one, and then its key', () => {
  expect(readyBlock({ ...facts, hasTenant: false })).toMatch(
    /tenant create --slug acme[\s\S]*apikey create --tenant acme/,
  );
});

test('with a tenant the first step is a key', () => {
  const block = readyBlock({ ...facts, hasTenant: true });
  expect(block).toContain('apikey create --tenant SLUG');
  expect(block).not.toContain('tenant create');
});
