import { expect, onTestFinished, test, vi } from 'vitest';
import { type EmbeddedDatabase, openEmbedded } from './index.ts';
import { databaseDirectory } from './testing/directories.ts';
import { instrument, instrumentedWorker } from './testing/instruments.ts';

vi.setConfig({ testTimeout: 60_000 }); // the first one may have to make the database

const commits = 20;

async function fsyncsDuring(instruments: ReturnType<typeof instrument>): Promise<number> {
  const { pool } = await openInstrumented();
  await pool.query('create table things (id int)');
  const before = instruments.fsyncs();
  for (let n = 0; n < commits; n++) await pool.query('insert into things values ($1)', [n]);
  return instruments.fsyncs() - before;
}

async function openInstrumented(): Promise<EmbeddedDatabase> {
  const database = await openEmbedded({
    directory: await databaseDirectory(),
    maintenance: false,
    workerUrl: instrumentedWorker,
  });
  onTestFinished(() => database.close());
  return database;
}

test('every commit reaches the disk before it is acknowledged', async () => {
  expect(await fsyncsDuring(instrument())).toBeGreaterThanOrEqual(commits);
});

test("the count tells: on PGlite's own file system nothing reaches the disk", async () => {
  expect(await fsyncsDuring(instrument({ plainFileSystem: true }))).toBe(0);
});

test('a commit that the disk refuses is not acknowledged, and the database stops', async () => {
  const instruments = instrument();
  const { pool } = await openInstrumented();
  await pool.query('create table things (id int)');
  instruments.failFsync();
  const refused = pool.query('insert into things values (1)');
  await expect(refused).rejects.toMatchObject({ code: 'database_stopped' });
  await expect(refused).rejects.toThrow('the disk refused to make a write durable (EIO: i/o error, fsync)');
  await expect(pool.query('select 1')).rejects.toMatchObject({ code: 'database_stopped' });
});
