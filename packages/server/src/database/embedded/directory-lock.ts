import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedDatabaseError } from './errors.ts';
import { takeKernelLock } from './kernel-lock.ts';

export interface DirectoryLock {
  release(): Promise<void>;
}

export interface DirectoryLockOptions {
  /** called when another holder took the directory over: stop writing at once */
  onLost?: (error: EmbeddedDatabaseError) => void;
  /** how often the holder shows that it is alive, 5 s */
  heartbeatMs?: number;
}

/** What the holder writes down about itself, for people and for the check across containers. */
interface Holder {
  pid: number;
  host: string;
  /** where the kernel lock of the holder is visible */
  scope: string;
  token: string;
  since: string;
}

/**
 * Makes this process the only one that has the database directory open, because two openers corrupt it
 * (measured: lost rows and a broken index in 3 of 3 runs). Rejects with `directory_in_use`.
 *
 * The kernel lock is the authority: free at once after kill -9. Two containers that share a volume do not
 * see each other's; for them the holder keeps touching `lock.json`, and an opener from elsewhere waits until
 * it has seen the file rest for two and a half heartbeats. Network file systems are not supported.
 */
export async function lockDirectory(
  directory: string,
  { onLost = () => {}, heartbeatMs = 5_000 }: DirectoryLockOptions = {},
): Promise<DirectoryLock> {
  const file = path.join(directory, 'lock.json');
  const kernelLock = await takeKernelLock(directory);
  if (!kernelLock) throw inUse(directory, await readHolder(file));

  try {
    await refuseLivingForeigner(directory, file, heartbeatMs);
    const own: Holder = {
      pid: process.pid,
      host: os.hostname(),
      scope: lockScope(),
      token: randomUUID(),
      since: new Date().toISOString(),
    };
    await writeHolder(file, own);
    const stopHeartbeat = startHeartbeat(file, own.token, heartbeatMs, onLost, directory);
    return {
      async release() {
        await stopHeartbeat();
        if ((await readHolder(file))?.token === own.token) await rm(file, { force: true });
        await kernelLock.release();
      },
    };
  } catch (error) {
    await kernelLock.release();
    throw error;
  }
}

/** With the kernel lock in hand, a holder of the same scope is dead; one from elsewhere may be alive. */
async function refuseLivingForeigner(directory: string, file: string, heartbeatMs: number): Promise<void> {
  const holder = await readHolder(file);
  if (!holder || holder.scope === lockScope()) return;
  const before = await modifiedAt(file);
  if (before === undefined || Date.now() - before > 12 * heartbeatMs) return;
  await sleep(2.5 * heartbeatMs);
  const after = await modifiedAt(file);
  if (after !== undefined && after !== before) throw inUse(directory, holder);
}

function startHeartbeat(
  file: string,
  token: string,
  everyMs: number,
  onLost: (error: EmbeddedDatabaseError) => void,
  directory: string,
): () => Promise<void> {
  let beat = Promise.resolve();
  const timer = setInterval(() => {
    beat = (async () => {
      const holder = await readHolder(file);
      if (holder && holder.token !== token) {
        clearInterval(timer);
        onLost(inUse(directory, holder));
        return;
      }
      const now = new Date();
      await utimes(file, now, now);
    })().catch(() => {}); // a missed beat is made good by the next; a lost file has no other holder
  }, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    return beat;
  };
}

function lockScope(): string {
  if (process.platform !== 'linux') return os.hostname();
  const read = (readIt: () => string) => {
    try {
      return readIt().trim();
    } catch {
      return '';
    }
  };
  const boot = read(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const network = read(() => fs.readlinkSync('/proc/self/ns/net'));
  return `${boot} ${network}`;
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return undefined; // absent, or cut short by a crash: the kernel lock decides
  }
}

async function writeHolder(file: string, holder: Holder): Promise<void> {
  const fresh = `${file}.${holder.token}`;
  await writeFile(fresh, `${JSON.stringify(holder, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}

async function modifiedAt(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.mtimeMs;
}

function inUse(directory: string, holder: Holder | undefined): EmbeddedDatabaseError {
  const who = holder ? `process ${holder.pid} on ${holder.host} (since ${holder.since})` : 'another process';
  return new EmbeddedDatabaseError(
    'directory_in_use',
    `The database directory ${directory} is in use by ${who}. Only one process can open it: ` +
      'stop that process, choose another directory, or set DATABASE_URL to use a Postgres server.',
  );
}
