/**
 * The long mode: `npm run chaos -- --rounds 200`. Prints a line a round as it ends; exit code 1 when a
 * round failed. See docs/guides/faults.md.
 */
import { parseArgs } from 'node:util';
import { EMBEDDED_FAULTS, FAULTS, FREEZE_BEYOND_LEASE } from './faults.ts';
import { newSeed } from './random.ts';
import { runRounds } from './rounds.ts';
import { heading, line, total } from './table.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    database: { type: 'string', default: 'postgres' },
    only: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const seed = values.seed === undefined ? newSeed() : Number(values.seed);
const { database, only } = values;
if (!(Number.isInteger(rounds) && rounds > 0)) fail(`--rounds must be 1 or more, got ${values.rounds}`);
if (!Number.isInteger(seed)) fail(`--seed must be a whole number, got ${values.seed}`);
if (database !== 'postgres' && database !== 'embedded')
  fail(`--database must be postgres or embedded, got ${database}`);

const known = database === 'postgres' ? [...FAULTS, FREEZE_BEYOND_LEASE] : EMBEDDED_FAULTS;
const faults = known.filter(({ name }) => name.includes(only ?? ''));
if (faults.length === 0)
  fail(`--only "${only}" names none of these faults:\n  ${known.map(({ name }) => name).join('\n  ')}`);

console.log(`${rounds} rounds on ${database}; to repeat them: --seed ${seed}\n\n${heading()}`);
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
const reports = await runRounds({
  signal: interrupt.signal,
  seed,
  rounds,
  database: database as 'postgres' | 'embedded',
  faults,
  onRound: (report) => console.log(line(report)),
}).catch((error: Error) => {
  if (!interrupt.signal.aborted) throw error;
  console.log('\nInterrupted.');
  process.exit(130);
});
if (reports.length > 1) console.log(line(total(reports)));
const failed = reports.filter((report) => !report.ok).length;
console.log(failed === 0 ? `\nEvery round passed.` : `\n${failed} of ${rounds} rounds failed; seed ${seed}.`);
process.exit(failed === 0 ? 0 : 1);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
