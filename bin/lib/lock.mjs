import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A holder renews its lock this often; one that has not for STALE_MS is taken to be dead. */
const RENEW_MS = 5_000;
const STALE_MS = 60_000;
const POLL_MS = 250;

/**
 * A lock between processes: a directory, because making one either succeeds or fails on every file system.
 * Waits while another process holds it. A holder that was killed is recognised at once on the same machine
 * (its process is gone), on another one after a minute.
 *
 * @param {string} dir
 * @param {{ onWait?: (owner: string) => void }} options called once, with " (process 123)" where known
 */
export async function acquireLock(dir, { onWait = () => {} } = {}) {
  let told = false;
  while (!tryMake(dir)) {
    const owner = readOwner(dir);
    if (isStale(dir, owner)) {
      remove(dir);
      continue;
    }
    if (!told) {
      told = true;
      onWait(owner ? ` (process ${owner.pid})` : '');
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }

  const timer = setInterval(() => {
    try {
      fs.utimesSync(dir, new Date(), new Date());
    } catch {
      // Removed under us; the work is finished all the same.
    }
  }, RENEW_MS);
  timer.unref();
  const release = () => {
    clearInterval(timer);
    process.removeListener('exit', release);
    const owner = readOwner(dir);
    if (owner && owner.pid === process.pid && owner.host === os.hostname()) remove(dir);
  };
  process.on('exit', release);
  return { release };
}

function tryMake(dir) {
  try {
    fs.mkdirSync(path.dirname(dir), { recursive: true });
    fs.mkdirSync(dir);
  } catch (error) {
    // ENOENT: whoever let go of the lock took the empty folder around it away in between.
    if (error.code === 'EEXIST' || error.code === 'ENOENT') return false;
    throw error;
  }
  fs.writeFileSync(path.join(dir, 'owner.json'), JSON.stringify({ pid: process.pid, host: os.hostname() }));
  return true;
}

function readOwner(dir) {
  try {
    return JSON.parse(fs.readFileSync(path.join(dir, 'owner.json'), 'utf8'));
  } catch {
    return null;
  }
}

function isStale(dir, owner) {
  if (owner && owner.host === os.hostname() && !isAlive(owner.pid)) return true;
  try {
    return Date.now() - fs.statSync(dir).mtimeMs > STALE_MS;
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Moved away first: of two processes that find the same dead lock, one gets it. */
function remove(dir) {
  const aside = `${dir}.${process.pid}.${Date.now()}`;
  try {
    fs.renameSync(dir, aside);
    fs.rmSync(aside, { recursive: true, force: true });
    fs.rmdirSync(path.dirname(dir));
  } catch {
    // Somebody else removed it, or the folder holds other things.
  }
}
