import { add, type Counts } from './check.ts';
import type { RoundReport } from './rounds.ts';

const COLUMNS: [title: string, width: number, value: (report: RoundReport) => string | number][] = [
  ['round', 5, (one) => one.round || 'all'],
  ['committed', 9, (one) => one.counts.committed],
  ['rolled back', 11, (one) => one.rolledBack],
  ['unknown', 7, (one) => one.unknown],
  ['expected', 8, (one) => one.counts.expected],
  ['arrived', 7, (one) => one.counts.arrived],
  ['lost', 4, (one) => one.counts.lost],
  ['phantom', 7, (one) => one.counts.phantom],
  ['repeated', 8, (one) => one.counts.repeated],
  ['allowed', 7, (one) => one.counts.mayRepeat],
  ['unexcused', 9, (one) => one.counts.unexcused],
  ['disordered', 10, (one) => one.counts.disordered],
  ['settled', 7, (one) => `${(one.settledMs / 1_000).toFixed(1)} s`],
];

export function heading(): string {
  return `${COLUMNS.map(([title, width]) => title.padStart(width)).join('  ')}  faults`;
}

export function line(report: RoundReport): string {
  const cells = COLUMNS.map(([, width, value]) => String(value(report)).padStart(width));
  const words = report.problems.map((problem) => `\n      ${problem.replaceAll('\n', '\n        ')}`);
  return `${cells.join('  ')}  ${report.ok ? '' : 'FAILED '}${report.faults.join(', ')}${words.join('')}`;
}

/** All rounds as one line; `settled` is the longest. */
export function total(reports: readonly RoundReport[]): RoundReport {
  const [first, ...rest] = reports;
  return {
    round: 0,
    faults: [`${reports.reduce((sum, one) => sum + one.faults.length, 0)} faults`],
    counts: rest.reduce<Counts>((sum, one) => add(sum, one.counts), first!.counts),
    rolledBack: reports.reduce((sum, one) => sum + one.rolledBack, 0),
    refused: reports.reduce((sum, one) => sum + one.refused, 0),
    unknown: reports.reduce((sum, one) => sum + one.unknown, 0),
    settledMs: Math.max(...reports.map((one) => one.settledMs)),
    problems: [],
    ok: reports.every((one) => one.ok),
  };
}
