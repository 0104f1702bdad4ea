import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The kernel's limit for a socket's path is 104 (macOS) or 108 (Linux) bytes, the last one a zero. */
const maxPathBytes = 100;

/**
 * Where the control socket of a database directory is: `control.sock` in it, or a private directory in the
 * system's temporary one when that path would be too long, or a named pipe on Windows.
 */
export function controlPath(directory: string): string {
  const real = fs.existsSync(directory) ? fs.realpathSync(directory) : path.resolve(directory);
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\signalbox-control-${hash}`;
  const inDirectory = path.join(real, 'control.sock');
  if (Buffer.byteLength(inDirectory) <= maxPathBytes) return inDirectory;
  return path.join(os.tmpdir(), `signalbox-${process.getuid?.() ?? 0}-${hash}`, 'control.sock');
}

/** Makes sure that nobody else can put a socket where ours is looked for. */
export function ensurePrivateDirectory(directory: string): void {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid } = fs.lstatSync(directory);
  if (process.getuid && uid !== process.getuid()) {
    throw new Error(
      `${directory} belongs to another user (uid ${uid}): remove it, or use a shorter data path.`,
    );
  }
}
