import { expect, inject, test } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { recordUse } from '../kit/uses.ts';
import { createDeck, FAULTS } from './faults.ts';
import { createRandom, newSeed } from './random.ts';
import { type RoundsOptions, runRounds } from './rounds.ts';
import { heading, line } from './table.ts';

// The short mode of `npm run chaos`: docs/guides/faults.md.

const seed = Number(process.env.CHAOS_SEED ?? newSeed());

async function run(options: Omit<RoundsOptions, 'seed'>) {
  recordUse(inject('signalboxRun').directory, options.database);
  const reports = await runRounds({ seed, ...options });
  console.log([`CHAOS_SEED=${seed}`, heading(), ...reports.map(line)].join('\n'));
  expect(reports.flatMap((report) => report.problems)).toEqual([]);
  expect(reports.every((report) => report.ok)).toBe(true);
  for (const { counts } of reports) expect(counts.committed).toBeGreaterThan(20);
}

onDatabase('postgres', 'processes, server and connections killed under load', () => {
  test(
    'lose nothing, invent nothing, keep the order, and repeat only what was in flight',
    {
      timeout: 240_000,
    },
    () => run({ database: 'postgres', rounds: 2, faultsPerRound: Math.ceil(FAULTS.length / 2) }),
  );
});

onDatabase('embedded', 'the one process killed under load', () => {
  test(
    'loses nothing, invents nothing, keeps the order, and repeats only what was in flight',
    {
      timeout: 240_000,
    },
    () => run({ database: 'embedded', rounds: 1 }),
  );
});

test('a seed decides which faults come, in which order and after which pauses', () => {
  const deal = (from: number) => createDeck(createRandom(from), FAULTS)(30);
  expect(deal(1)).toEqual(deal(1));
  expect(deal(1)).not.toEqual(deal(2));
  const first = deal(1).slice(0, FAULTS.length);
  expect(new Set(first.map(({ fault }) => fault.name)).size).toBe(FAULTS.length);
});
