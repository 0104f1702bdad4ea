import { expect, inject } from 'vitest';
import { recordUse } from '../kit/uses.ts';
import { type RoundReport, type RoundsOptions, runRounds } from './rounds.ts';
import { heading, line } from './table.ts';

/** The same plan in every run of the tests; CHAOS_SEED takes another one. */
export const seed = Number(process.env.CHAOS_SEED ?? 2026);

/** A few rounds of `npm run chaos` within the tests, every one of which must pass. */
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
