import type { Context, Database, Suite } from '../lib/context.ts';
import { count, insertWorkItems } from '../lib/fixtures.ts';
import type { Sample } from '../lib/measure.ts';
import { type Remote, startRemote } from '../lib/remote.ts';
import { ArrivalError } from '../lib/sink.ts';
import { ratio } from '../lib/statistics.ts';
import { busiest, cpuPerEvent, type Row } from '../lib/table.ts';
import type { WriterHandlers } from '../lib/writer-process.ts';

const TABLE = 'work_items';
const KEPT = 0.7;

/** One way of writing, on a database with capture and on one without. */
interface Writing {
  what: string;
  rows: number;
  rounds: number;
  write(side: Side, round: number): Promise<void>;
  writers(side: Side): number[];
}

interface Side {
  database: Database;
  writer: Remote<WriterHandlers>;
  samples: Sample[];
}

/** What the capture triggers cost the writers, who wait for their commits. Nobody dispatches meanwhile. */
export const captureSuite: Suite = {
  name: 'capture',
  async *run(context) {
    const plain = await openSide(context);
    const captured = await openSide(context);
    await plain.database.pool.query(`alter table ${TABLE} disable trigger signalbox_capture_insert`);
    await plain.database.pool.query(`alter table ${TABLE} disable trigger signalbox_capture_update`);
    const singles = context.size(2_000, 8_000);
    const bulk = 10_000;

    yield* compare(context, plain, captured, {
      what: 'single inserts, 16 connections',
      rows: singles,
      rounds: context.size(3, 7),
      write: ({ writer }) => writer.call('insert', singles),
      writers: ({ writer }) => [writer.pid],
    });
    for (const { database } of [plain, captured]) {
      await database.pool.query(`truncate ${TABLE}, integration_changes cascade`);
      await insertWorkItems(database.pool, bulk);
      await database.pool.query(`truncate integration_changes`);
    }
    yield* compare(context, plain, captured, {
      what: 'bulk updates of 10,000 rows',
      rows: bulk,
      rounds: context.size(3, 9),
      async write({ database }, round) {
        await database.pool.query(`update ${TABLE} set priority = $1`, [`Round ${round}`]);
      },
      writers: () => [],
    });
    for (const { database, writer } of [plain, captured]) {
      await writer.call('close');
      await writer.close();
      await database.drop();
    }
  },
};

async function openSide(context: Context): Promise<Side> {
  const database = await context.database();
  const writer = await startRemote<WriterHandlers>(new URL('../lib/writer-process.ts', import.meta.url));
  await writer.call('open', database.url);
  return { database, writer, samples: [] };
}

async function* compare(
  context: Context,
  plain: Side,
  captured: Side,
  writing: Writing,
): AsyncGenerator<Omit<Row, 'suite'>> {
  const { what, rows, rounds } = writing;
  for (const side of [plain, captured]) side.samples = [];
  for (let round = 0; round <= rounds; round++) {
    for (const side of round % 2 === 0 ? [plain, captured] : [captured, plain]) {
      const sample = await context.meter.measure(writing.writers(side), () => writing.write(side, round));
      if (round > 0) side.samples.push(sample); // the first one warms code and plans
      await expectCaptured(side === captured ? rows : 0, side.database, what);
      await side.database.pool.query(`vacuum ${TABLE}`);
    }
  }
  const rates = (side: Side) => side.samples.map((sample) => rows / sample.seconds);
  const kept = ratio(rates(captured), rates(plain));
  const row = (name: string, side: Side) => ({
    what: `${what}, ${name}`,
    values: rates(side),
    unit: '/s' as const,
    cpu: cpuPerEvent(side.samples, rows),
    otherCores: busiest(side.samples),
  });
  yield row('plain', plain);
  yield {
    ...row('captured', captured),
    ratio: `${kept.toFixed(2)} of plain`,
    target: { text: `≥ ${KEPT} of plain`, isMet: kept >= KEPT },
  };
}

/** Every row written is one change, and nothing else is; then the outbox is emptied as dispatch would. */
async function expectCaptured(expected: number, { pool }: Database, what: string): Promise<void> {
  const changes = await count(pool, 'integration_changes');
  const records = await count(pool, '(select distinct record_id from integration_changes) as records');
  if (changes !== expected || records !== expected)
    throw new ArrivalError(
      `${what}: expected ${expected} changes of as many records, got ${changes} of ${records}`,
    );
  await pool.query('truncate integration_changes');
}
