import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

/** Which test file used which kind of database, kept in the run's directory. */
export interface Use {
  kind: 'postgres' | 'embedded';
  file: string;
}

export function recordUse(directory: string, kind: Use['kind']): void {
  const file = path.relative(process.cwd(), expect.getState().testPath ?? 'unknown');
  fs.appendFileSync(path.join(directory, 'uses'), `${JSON.stringify({ kind, file } satisfies Use)}\n`);
}

export function readUses(directory: string): Use[] {
  const file = path.join(directory, 'uses');
  if (!fs.existsSync(file)) return [];
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Use);
}
