import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Block, blocksOf, ROOT, RUN_BY_TEST, readDocument, runnableBlocks } from './lib/blocks.ts';

const generated = readFileSync(join(ROOT, 'scripts/generated.mjs'), 'utf8');
const DOCUMENTS = globSync(['README.md', 'CHANGELOG.md', 'docs/**/*.md'], { cwd: ROOT })
  .filter((file) => !generated.includes(`'${file}'`))
  .sort();

/**
 * What a document shows must be true. A block is run by the test of its document, or made from the code, or
 * says that it is only an illustration: ```sh illustration.
 */
test.each(DOCUMENTS)('%s: every code block is run by a test or marked as an illustration', (file) => {
  const unaccounted = blocksOf(readDocument(file))
    .filter((block) => !isPicture(block) && !block.marks.includes('illustration'))
    .filter(({ language }) => !RUN_BY_TEST[file]?.includes(language))
    .map(({ line, language }) => `${file}:${line}: a block of ${language || 'no language'}`);
  expect(unaccounted).toEqual([]);
});

test('every document with a test has blocks in each language that the test runs', () => {
  for (const [file, languages] of Object.entries(RUN_BY_TEST)) {
    const found = new Set(runnableBlocks(file).map(({ language }) => language));
    expect([...found].sort(), file).toEqual([...languages].sort());
  }
});

function isPicture({ language }: Block): boolean {
  return language === 'mermaid';
}
