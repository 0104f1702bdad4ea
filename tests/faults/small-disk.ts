import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { serverUid } from '../kit/postgres-binaries.ts';

/** A file system of its own that can be filled up. Only root may mount one. */
export interface SmallDisk {
  /** Belongs to the Postgres server's user. */
  directory: string;
  fill(): void;
  free(): void;
  unmount(): void;
}

const PREFIX = 'signalbox-small-disk-';

/** Null when this machine does not let us mount (not root, a container without the right). */
export function mountSmallDisk(megabytes: number): SmallDisk | null {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return null;
  unmountLeftovers();
  const mounted = fs.mkdtempSync(path.join(os.tmpdir(), `${PREFIX}${process.pid}-`));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', mounted], {
      stdio: 'pipe',
    });
  } catch {
    fs.rmdirSync(mounted);
    return null;
  }
  const directory = path.join(mounted, 'tablespace');
  fs.mkdirSync(directory);
  if (serverUid !== undefined) fs.chownSync(directory, serverUid, serverUid);
  const ballast = path.join(mounted, 'ballast');
  return {
    directory,
    fill() {
      const file = fs.openSync(ballast, 'a');
      const block = Buffer.alloc(4_096);
      try {
        for (;;) fs.writeSync(file, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        fs.closeSync(file);
      }
    },
    free: () => fs.rmSync(ballast, { force: true }),
    unmount: () => unmount(mounted),
  };
}

function unmount(mounted: string): void {
  execFileSync('umount', ['--lazy', mounted], { stdio: 'pipe' });
  fs.rmdirSync(mounted);
}

/** Those of runs that were killed. */
function unmountLeftovers(): void {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const pid = Number(name.startsWith(PREFIX) && name.slice(PREFIX.length).split('-')[0]);
    if (!(pid > 0) || fs.existsSync(`/proc/${pid}`)) continue;
    try {
      unmount(path.join(os.tmpdir(), name));
    } catch {
      // not mounted any more, or somebody else's
    }
  }
}
