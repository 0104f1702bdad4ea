import { expect, test } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { createDeck, FAULTS } from './faults.ts';
import { createRandom } from './random.ts';
import { runShort } from './short-mode.ts';

onDatabase('postgres', 'processes, server and connections killed under load', () => {
  test('lose nothing, invent nothing, keep the order, and repeat only what was in flight', {
    timeout: 240_000,
  }, async () => {
    await runShort({ database: 'postgres', rounds: 2, faultsPerRound: Math.ceil(FAULTS.length / 2) });
  });
});

test('a seed decides which faults come, in which order and after which pauses', () => {
  const deal = (from: number) => createDeck(createRandom(from), FAULTS)(30);
  expect(deal(1)).toEqual(deal(1));
  expect(deal(1)).not.toEqual(deal(2));
  const first = deal(1).slice(0, FAULTS.length);
  expect(new Set(first.map(({ fault }) => fault.name)).size).toBe(FAULTS.length);
});
