/**
 * How fast it is, beside other ways of doing it: `npm run bench`, or `npm run bench -- --quick`.
 * bench/README.md says what is measured and how.
 */
import { writeFileSync } from 'node:fs';
import { type Context, createContext, type Suite } from './lib/context.ts';
import { describeMachine } from './lib/machine.ts';
import { createMeter } from './lib/measure.ts';
import { type Options, readOptions, USAGE } from './lib/options.ts';
import { renderReport } from './lib/report.ts';
import { findRedis, openPostgres } from './lib/servers.ts';
import { startSink } from './lib/sink.ts';
import { median } from './lib/statistics.ts';
import { format, type Row } from './lib/table.ts';
import { suites } from './suites/index.ts';

const names = suites.map((suite) => suite.name);
const options = parse();
if (options === 'help') console.log(USAGE.replace('%s', names.join(', ')));
else process.exitCode = await bench(options);

function parse(): Options | 'help' {
  try {
    return readOptions(process.argv.slice(2), names);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

/** Returns the exit code: 1 when something was lost, repeated or broke. A target that is missed is shown, no failure. */
async function bench(options: Options): Promise<number> {
  const from = performance.now();
  const postgres = await openPostgres();
  const redis = await findRedis();
  const sink = await startSink();
  const rows: Row[] = [];
  const failures: string[] = [];
  process.once('SIGINT', () => void postgres.stop().then(() => process.exit(130)));
  process.once('SIGTERM', () => void postgres.stop().then(() => process.exit(143)));
  try {
    const facts = describeMachine(postgres, redis);
    const meter = createMeter(postgres, redis, options.quietMs);
    const context = await createContext({ isQuick: options.isQuick, postgres, redis, sink, meter });
    const chosen = suites.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
    for (const suite of chosen) await run(suite, context, rows, failures);
    await context.endSenders();
    const report = renderReport({
      facts,
      rows,
      failures,
      seconds: (performance.now() - from) / 1_000,
      isQuick: options.isQuick,
    });
    console.log(`\n${report}`);
    if (options.write && failures.length === 0) {
      writeFileSync(new URL('./RESULTS.md', import.meta.url), report);
      console.log('Written to bench/RESULTS.md.');
    }
  } finally {
    await sink.close();
    await postgres.stop();
  }
  return failures.length > 0 ? 1 : 0;
}

async function run(suite: Suite, context: Context, rows: Row[], failures: string[]): Promise<void> {
  const from = performance.now();
  console.error(`${suite.name} …`);
  try {
    for await (const row of suite.run(context)) {
      rows.push({ suite: suite.name, ...row });
      const value = row.values.length > 0 ? format(median(row.values), row.unit) : 'not measured';
      console.error(`  ${row.what}: ${value}${row.ratio ? `, ${row.ratio}` : ''}`);
    }
  } catch (error) {
    failures.push(`${suite.name}: ${(error as Error).message}`);
    console.error(`  FAILED: ${(error as Error).stack}`);
    await context.endSenders();
  }
  console.error(`  ${((performance.now() - from) / 1_000).toFixed(1)} s`);
}
