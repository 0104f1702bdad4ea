import type { Sample } from './measure.ts';
import { median } from './statistics.ts';

/** A line of the table. */
export interface Row {
  suite: string;
  what: string;
  /** One value a round; the median is shown. Empty: not measured, for the reason in `note`. */
  values: number[];
  unit: '/s' | 'ms' | 'µs' | 'MiB' | '%' | '×' | 's';
  /** Compared with another row, such as `0.43 of raw undici`. */
  ratio?: string;
  cpu?: { sender: number | null; postgres: number | null; redis: number | null };
  otherCores?: number | null;
  target?: { text: string; isMet: boolean };
  note?: string;
}

/** Microseconds of CPU an event, medians over the rounds. */
export function cpuPerEvent(samples: readonly Sample[], events: number): Row['cpu'] {
  const each = (key: keyof Sample['cpu']) => {
    const known = samples.map((sample) => sample.cpu[key]).filter((seconds) => seconds !== null);
    return known.length === 0 ? null : (median(known) / events) * 1e6;
  };
  return { sender: each('sender'), postgres: each('postgres'), redis: each('redis') };
}

export function busiest(samples: readonly Sample[]): number | null {
  const known = samples.map((sample) => sample.otherCores).filter((cores) => cores !== null);
  return known.length === 0 ? null : Math.max(...known);
}

const HEAD = [
  'suite',
  'what',
  'result',
  'rounds',
  'compared',
  'CPU µs an event: sender + Postgres + Redis',
  'others',
  'target',
  '',
];

/** Markdown, padded so that it reads in a terminal too. */
export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map((row, index) => [
    rows[index - 1]?.suite === row.suite ? '' : row.suite,
    row.what + (row.note ? ` (${row.note})` : ''),
    row.values.length === 0 ? '–' : format(median(row.values), row.unit),
    rounds(row),
    row.ratio ?? '',
    cpu(row.cpu),
    row.otherCores == null ? '' : row.otherCores.toFixed(2),
    row.target?.text ?? '',
    row.target ? (row.target.isMet ? '✓' : '✗') : '',
  ]);
  const widths = HEAD.map((name, column) =>
    Math.max(name.length, ...lines.map((line) => line[column]!.length)),
  );
  const render = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [render(HEAD), render(widths.map((width) => '-'.repeat(width))), ...lines.map(render)].join('\n');
}

export function format(value: number, unit: Row['unit']): string {
  const digits = unit === '/s' || value >= 1_000 ? 0 : value >= 100 ? 1 : 2;
  const number = value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return unit === '/s' || unit === '×' || unit === '%' ? `${number}${unit}` : `${number} ${unit}`;
}

function rounds({ values, unit }: Row): string {
  if (values.length < 2) return String(values.length || '');
  return `${values.length}: ${format(Math.min(...values), unit)} … ${format(Math.max(...values), unit)}`;
}

function cpu(cost: Row['cpu']): string {
  if (!cost || cost.sender === null) return '';
  return [cost.sender, cost.postgres, cost.redis]
    .map((part) => (part === null ? '–' : Math.round(part).toLocaleString('en-US')))
    .join(' + ');
}
