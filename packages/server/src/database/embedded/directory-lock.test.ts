import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';
import { openEmbedded } from './index.ts';
import { startChild } from './testing/child.ts';
import { databaseDirectory, temporaryDirectory } from './testing/directories.ts';

test('a second process is refused, with the directory, the holder and the ways out', async () => {
  const directory = temporaryDirectory();
  const holder = startChild('./lock-holder.ts', directory);
  await holder.nextLine();
  const refused = openEmbedded({ directory });
  await expect(refused).rejects.toMatchObject({ code: 'directory_in_use' });
  await expect(refused).rejects.toThrow(
    new RegExp(`${directory} is in use by process ${holder.process.pid} on .*DATABASE_URL`),
  );
});

test('the same process is refused a second time, also by another name of the directory', async () => {
  const directory = temporaryDirectory();
  const link = path.join(temporaryDirectory(), 'link');
  fs.symlinkSync(directory, link);
  const lock = await lockDirectory(directory);
  await expect(lockDirectory(link)).rejects.toMatchObject({ code: 'directory_in_use' });
  await lock.release();
  await (await lockDirectory(link)).release();
});

test('the lock is free at once after kill -9', async () => {
  const directory = temporaryDirectory();
  const holder = startChild('./lock-holder.ts', directory);
  await holder.nextLine();
  await holder.kill9();
  const lock = await lockDirectory(directory);
  await lock.release();
});

test('closing the database unlocks the directory, and what was written is there', {
  timeout: 60_000,
}, async () => {
  const directory = await databaseDirectory();
  const first = await openEmbedded({ directory });
  await first.pool.query('create table things as select 1 as id');
  await first.close();
  const second = await openEmbedded({ directory });
  expect((await second.pool.query('select id from things')).rows).toEqual([{ id: 1 }]);
  await second.close();
});

/** A lock file as another container on the same volume would have written it. */
function foreignHolder(directory: string): string {
  const file = path.join(directory, 'lock.json');
  fs.writeFileSync(
    file,
    JSON.stringify({ pid: 1, host: 'elsewhere', scope: 'other', token: 'x', since: 'now' }),
  );
  return file;
}

test('a holder whose kernel lock is not visible, but whose heart beats, is respected', async () => {
  const directory = temporaryDirectory();
  const file = foreignHolder(directory);
  const beat = setInterval(() => fs.utimesSync(file, new Date(), new Date()), 20);
  onTestFinished(() => clearInterval(beat));
  await expect(lockDirectory(directory, { heartbeatMs: 40 })).rejects.toThrow('process 1 on elsewhere');
});

test('a holder from elsewhere that is dead does not keep the directory', async () => {
  const directory = temporaryDirectory();
  foreignHolder(directory);
  await (await lockDirectory(directory, { heartbeatMs: 40 })).release();
});

test('a holder that was taken over hears of it', async () => {
  const directory = temporaryDirectory();
  const lost: Error[] = [];
  const lock = await lockDirectory(directory, { heartbeatMs: 20, onLost: (error) => lost.push(error) });
  onTestFinished(() => lock.release());
  foreignHolder(directory);
  while (lost.length === 0) await sleep(10);
  expect(lost[0]).toMatchObject({ code: 'directory_in_use' });
});
