import { existsSync, globSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, readDocument } from './lib/blocks.ts';

const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: ROOT }).sort();

test('the documents are found', () => {
  expect(DOCUMENTS).toEqual(
    expect.arrayContaining(['README.md', 'docs/architecture.md', 'docs/glossary.md']),
  );
});

test.each(DOCUMENTS)('%s: every link leads to a file that is there, and to a heading in it', (file) => {
  const broken = linksOf(prose(readDocument(file)))
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !leadsSomewhere(file, target));
  expect(broken).toEqual([]);
});

test.each(DOCUMENTS)('%s: every path that it names is there', (file) => {
  const named = [
    ...readDocument(file).matchAll(/`((?:packages|docs|tests|scripts|bin|bench|examples)\/[\w./-]+)`/g),
  ];
  const missing = named
    .map(([, path]) => path!)
    .filter((path) => !isThere(path) && !isMadeByGuide(file, path));
  expect(missing).toEqual([]);
});

/** Without code, in which brackets are no links. */
function prose(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, 'code');
}

function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

function leadsSomewhere(file: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const absolute = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), path);
  if (!existsSync(absolute)) return false;
  if (anchor === undefined) return true;
  return statSync(absolute).isFile() && anchorsOf(readDocument(relative(ROOT, absolute))).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** A path, or a folder; a trailing slash is fine. */
function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** The files that a guide has its reader write; add-an-event.test.ts writes them. */
function isMadeByGuide(file: string, path: string): boolean {
  return file === 'docs/guides/add-an-event.md' && /\/(location|supplier)\.ts$|_suppliers\.sql$/.test(path);
}
