import fs from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { getEnvironmentData, parentPort } from 'node:worker_threads';
import type { Instruments } from './instruments.ts';

// The database thread with its fsync calls counted below everything of ours, and with faults on request.

const { counters, plainFileSystem } = getEnvironmentData('instruments') as Instruments;
const cells = new Int32Array(counters);
const fsync = fs.fsyncSync;

fs.fsyncSync = (descriptor) => {
  if (Atomics.load(cells, 1) === 1) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  fsync(descriptor);
  Atomics.add(cells, 0, 1);
};
syncBuiltinESMExports();

if (plainFileSystem) {
  registerHooks({
    resolve(specifier, context, next) {
      const isOurs = specifier === './durable-fs.ts' && context.parentURL?.endsWith('/worker.ts');
      return next(isOurs ? './testing/plain-fs.ts' : specifier, context);
    },
  });
}

parentPort!.on('message', (message) => {
  if (message instanceof Uint8Array && Buffer.from(message).includes('die now')) process.exit(3);
});
await import('../worker.ts');
