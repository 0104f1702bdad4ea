import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

/** Held until `release`, or until the process ends in whatever way: the kernel lets go of it. */
export interface KernelLock {
  release(): Promise<void>;
}

/**
 * Takes the machine-wide lock of a directory; `undefined` when somebody has it (this process included).
 *
 * Linux: an abstract unix socket named by the directory's real path. It has no file, so nothing stays
 * behind after kill -9; it is per network namespace, so containers do not see each other's.
 * Windows: a named pipe. macOS and the BSDs: `O_EXLOCK` on a file beside the data.
 */
export async function takeKernelLock(directory: string): Promise<KernelLock | undefined> {
  const realPath = fs.realpathSync(directory);
  const name = `signalbox-database-${createHash('sha256').update(realPath).digest('hex')}`;
  if (process.platform === 'linux') return await listenExclusively(`\0${name}`);
  if (process.platform === 'win32') return await listenExclusively(`\\\\.\\pipe\\${name}`);
  return openExclusively(path.join(realPath, 'kernel.lock'));
}

function listenExclusively(address: string): Promise<KernelLock | undefined> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ path: address, exclusive: true }, () => {
      server.unref();
      resolve({ release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

/** From <fcntl.h> of the BSD family; `open` takes the lock in the same call, so there is no race. */
const O_EXLOCK = 0x20;

function openExclusively(file: string): KernelLock | undefined {
  try {
    const { O_CREAT, O_RDWR, O_NONBLOCK } = fs.constants;
    const descriptor = fs.openSync(file, O_CREAT | O_RDWR | O_NONBLOCK | O_EXLOCK, 0o600);
    return { release: async () => fs.closeSync(descriptor) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return undefined;
    throw error;
  }
}
