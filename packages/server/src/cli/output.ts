import type { Io } from './io.ts';

export function printLine(io: Io, text: string): void {
  io.stdout.write(`${text}\n`);
}

/** Keys that are names of our own code come out in snake case, as in the REST API. */
export function printJson(io: Io, value: unknown): void {
  printLine(io, JSON.stringify(value, snakeCaseKeys, 2));
}

function snakeCaseKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [snakeCase(key), inner]));
}

function snakeCase(key: string): string {
  if (!/^[a-z]+([A-Z][a-z0-9]*)+$/.test(key)) return key;
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Says something beside the output proper. */
export function remark(io: Io, text: string): void {
  io.stderr.write(`${text}\n`);
}

export type Cell = string | number | boolean | Date | null | undefined;

/** Columns with a heading, as wide as they need; `empty` is said when there are no rows. */
export function printTable(io: Io, headings: string[], rows: Cell[][], empty: string): void {
  if (rows.length === 0) {
    remark(io, empty);
    return;
  }
  const lines = [headings, ...rows.map((row) => row.map(shown))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines) {
    printLine(
      io,
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

function shown(cell: Cell): string {
  if (cell === null || cell === undefined) return '-';
  if (cell instanceof Date) return cell.toISOString().replace(/\.\d+Z$/, 'Z');
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return String(cell).replaceAll(/\s+/g, ' ');
}

/** `12 s`, `5 min`, `3 h`, `2 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** `1 sync`, `2 syncs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
