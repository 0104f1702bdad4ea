import { expect } from 'vitest';

/**
 * Compares what was printed with a document's example. Ids, dates, keys, hosts and durations differ from run to
 * run and count as equal. `…` stands for the rest of a line, and alone on a line for any lines.
 */
export function expectOutput(printed: string, example: string, where: string): void {
  const found = patternOf(levelled(example)).test(levelled(printed));
  if (!found)
    expect(levelled(printed), `${where} does not print what the document says`).toBe(levelled(example));
}

const SAME: [RegExp, string][] = [
  // the reader's npm talking of itself
  [/^npm (warn|notice).*\n/gm, ''],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>'],
  [/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, '<time>'],
  [/sbx_[0-9a-f]+_[\w-]+/g, '<key>'],
  [/whsec_[\w+/=-]+/g, '<secret>'],
  [/(localhost|127\.0\.0\.1):\d+/g, '<host>'],
  [/("(?:\w+_)?id": )\d+/g, '$1<id>'],
  [/("sequence": )\d+/g, '$1<n>'],
  [/\b\d+ ms\b/g, '<ms>'],
  [/[ \t]+$/gm, ''],
];

function levelled(text: string): string {
  return SAME.reduce((level, [pattern, by]) => level.replaceAll(pattern, by), text).trim();
}

function patternOf(example: string): RegExp {
  const lines = example.split('\n').map((line) =>
    line.trim() === '…'
      ? '(?:.*\n)*?.*'
      : line
          .split('…')
          .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*'),
  );
  return new RegExp(`^${lines.join('\n')}$`, 'm');
}
