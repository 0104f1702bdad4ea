import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Which languages of which document a test runs. Every other fenced block must say `illustration` after its
 * language (GitHub shows only the language), or stand in a file that scripts/generated.mjs writes. The rule is
 * kept by code-blocks.test.ts; it cannot rot, because the tests below take *all* blocks of their languages.
 */
export const RUN_BY_TEST: Record<string, string[]> = {
  'README.md': ['sh', 'text'],
  'docs/guides/add-an-event.md': ['diff', 'ts', 'sql', 'sh', 'text'],
  'docs/guides/connect-n8n.md': ['json', 'js'],
  'docs/guides/receive-events.md': ['js', 'python', 'sh'],
};

/** One fenced code block. */
export interface Block {
  language: string;
  /** What follows the language: `illustration`. */
  marks: string[];
  text: string;
  /** The line of its opening fence, from 1. */
  line: number;
  /** The last line of prose before it, when nothing but blank lines is in between. */
  heading: string;
  /** Whether nothing but blank lines is between it and the block before. */
  follows: boolean;
}

export function readDocument(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Every fenced block of a Markdown text. Fences stand at the start of their line. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  let heading = '';
  let follows = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (open) {
      if (line === '```') {
        blocks.push(open);
        open = null;
        heading = '';
        follows = true;
      } else open.text += `${line}\n`;
      continue;
    }
    const fence = /^```(\S*)\s*(.*)$/.exec(line);
    if (fence) {
      const [, language = '', marks = ''] = fence;
      open = {
        language,
        marks: marks.split(/\s+/).filter(Boolean),
        text: '',
        line: index + 1,
        heading,
        follows,
      };
    } else if (line.trim() !== '') {
      heading = line.trim();
      follows = false;
    }
  }
  if (open) throw new Error(`the block that begins in line ${open.line} is never closed`);
  return blocks;
}

/** All blocks of a document that its test has to run, in order. */
export function runnableBlocks(file: string): Block[] {
  const languages = RUN_BY_TEST[file];
  if (!languages) throw new Error(`${file} has no line in RUN_BY_TEST`);
  return blocksOf(readDocument(file)).filter(
    (block) => languages.includes(block.language) && !block.marks.includes('illustration'),
  );
}

/** The file that a block is headed by: a line that holds its path in backticks and nothing else but a colon. */
export function fileOf(block: Block): string | null {
  return /^`([^`]+)`:?$/.exec(block.heading)?.[1] ?? null;
}
