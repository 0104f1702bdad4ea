import { type Row, renderTable } from './table.ts';

export interface Report {
  facts: [name: string, value: string][];
  rows: Row[];
  failures: string[];
  seconds: number;
  isQuick: boolean;
}

/** What is printed, and what bench/RESULTS.md holds. */
export function renderReport({ facts, rows, failures, seconds, isQuick }: Report): string {
  const targets = rows.filter((row) => row.target);
  const met = targets.filter((row) => row.target!.isMet).length;
  const known = [...facts, ['mode', `${isQuick ? 'quick' : 'full'}, ${Math.round(seconds)} s`]];
  return [
    '# Benchmark results',
    '',
    `Made by \`npm run bench${isQuick ? ' -- --quick' : ''}\`; README.md says what each row means and what the numbers can carry.`,
    `${met} of ${targets.length} targets met. Ratios count: absolute figures move with the machine. "others" is how many cores`,
    'processes outside the benchmark used at worst; above 0.3 a row says little.',
    '',
    ...(failures.length > 0
      ? ['**FAILED**, no figure of these suites counts:', '', ...failures.map((one) => `- ${one}`), '']
      : []),
    renderTable(rows),
    '',
    ...known.map(([name, value]) => `- ${name}: ${value}`),
    '',
  ].join('\n');
}
