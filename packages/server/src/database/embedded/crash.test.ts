import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openBlank } from '../../../../../tests/kit/embedded-template.ts';
import { openEmbedded } from './index.ts';
import { startChild } from './testing/child.ts';
import { databaseDirectory, temporaryDirectory } from './testing/directories.ts';
import { instrument, instrumentedWorker } from './testing/instruments.ts';

test('kill -9 of the process loses no acknowledged row and tears no transaction', {
  timeout: 120_000,
}, async () => {
  const directory = await databaseDirectory();
  for (let round = 0; round < 3; round++) {
    const writer = startChild('./writer.ts', directory);
    await writer.nextLine();
    await sleep(100 + Math.random() * 600);
    await writer.kill9();
    const lastAcknowledged = Number(writer.lines.at(-1));

    const { pool, close } = await openEmbedded({ directory });
    const { rows } = await pool.query(`select
      (select count(*)::int from a) as rows_a, (select max(n) from a) as last_a,
      (select count(*)::int from b) as rows_b, (select max(n) from b) as last_b`);
    await close();
    const { rows_a, last_a, rows_b, last_b } = rows[0];
    expect(last_a).toBeGreaterThanOrEqual(lastAcknowledged);
    expect([rows_a, rows_b, last_b]).toEqual([last_a, last_a, last_a]);
  }
});

test('kill -9 during the first start leaves a directory that opens', { timeout: 90_000 }, async () => {
  const directory = temporaryDirectory();
  const writer = startChild('./writer.ts', directory);
  const unfinished = path.join(directory, 'postgres.unfinished');
  while (!fs.existsSync(unfinished)) await sleep(10);
  await sleep(Math.random() * 1_000);
  await writer.kill9();

  const { pool, close } = await openEmbedded({ directory });
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await close();
  expect(fs.existsSync(unfinished)).toBe(false);
});

test('when the database thread dies, everyone who waits hears why', { timeout: 60_000 }, async () => {
  instrument();
  const stopped: Error[] = [];
  const { pool, close } = await openBlank({
    workerUrl: instrumentedWorker,
    onStopped: (error) => stopped.push(error),
  });
  const outcomes = await Promise.allSettled([
    pool.query(`select 'die now'`),
    pool.query('select 1'),
    pool.connect(),
  ]);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'database_stopped' } });
  }
  await expect(pool.query('select 1')).rejects.toThrow(
    'The embedded database stopped: its thread ended with code 3',
  );
  expect(stopped).toHaveLength(1);
  await close();
});

test('a directory of another Postgres version is refused, and not touched', async () => {
  const directory = temporaryDirectory();
  fs.mkdirSync(path.join(directory, 'postgres'));
  fs.writeFileSync(path.join(directory, 'postgres', 'PG_VERSION'), '17\n');
  const refused = openEmbedded({ directory });
  await expect(refused).rejects.toMatchObject({ code: 'directory_unusable' });
  await expect(refused).rejects.toThrow('made by version 17, this one needs 18');
  expect(fs.readdirSync(path.join(directory, 'postgres'))).toEqual(['PG_VERSION']);
});
