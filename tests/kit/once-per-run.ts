import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';

/**
 * A file or directory that is made by whichever test file of this run asks first; the others wait for it.
 * When `make` fails, the next one who asks tries again.
 */
export async function oncePerRun(name: string, make: (target: string) => Promise<void>): Promise<string> {
  const made = path.join(inject('signalboxRun').directory, name);
  const claim = `${made}.claim`;
  while (!fs.existsSync(made)) {
    if (!take(claim)) {
      await sleep(50);
      continue;
    }
    if (fs.existsSync(made)) break;
    try {
      await make(`${made}.new`);
      fs.renameSync(`${made}.new`, made);
    } finally {
      fs.rmSync(claim, { force: true });
    }
  }
  return made;
}

function take(claim: string): boolean {
  try {
    fs.writeFileSync(claim, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}
