import { expect, inject } from 'vitest';
import { recordUse } from '../kit/uses.ts';
import { newSeed } from './random.ts';
import { type RoundReport, type RoundsOptions, runRounds } from './rounds.ts';
import { heading, line } from './table.ts';

/** CHAOS_SEED repeats what an earlier run printed. */
export const seed = Number(process.env.CHAOS_SEED ?? newSeed());

/** The short mode of `npm run chaos`: a few rounds, every one of which must pass. */
export async function runShort(options: Omit<RoundsOptions, 'seed'>): Promise<RoundReport[]> {
  recordUse(inject('signalboxRun').directory, options.database);
  const reports = await runRounds({ seed, ...options });
  console.log([`CHAOS_SEED=${seed}`, heading(), ...reports.map(line)].join('\n'));
  expect(reports.flatMap((report) => report.problems)).toEqual([]);
  expect(reports.every((report) => report.ok)).toBe(true);
  // enough to mean something
  for (const { counts } of reports) expect(counts.committed).toBeGreaterThan(20);
  return reports;
}
