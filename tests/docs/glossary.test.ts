import { REASONS } from '@signalbox/engine';
import { expect, test } from 'vitest';
import { readDocument } from './lib/blocks.ts';

test('the glossary has every reason, and none that the engine does not know', () => {
  const [, section = ''] = readDocument('docs/glossary.md').split('\n## Reasons\n');
  const listed = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, code]) => code);
  expect(listed.sort()).toEqual(Object.keys(REASONS).sort());
});
