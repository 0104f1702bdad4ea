import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbedded } from '../../packages/server/src/database/embedded/index.ts';
import { prepareTemplate } from './template.ts';

/** The prepared data directory, made by whichever test file of the run asks first (3 to 5 s, then 0 s). */
export async function embeddedTemplate(runDirectory: string): Promise<Uint8Array> {
  const file = path.join(runDirectory, 'embedded-template.tar');
  const claim = `${file}.claim`;
  try {
    fs.writeFileSync(claim, String(process.pid), { flag: 'wx' });
  } catch {
    return await whenMade(file, claim);
  }
  try {
    const tarball = await makeTemplate();
    fs.writeFileSync(`${file}.new`, tarball);
    fs.renameSync(`${file}.new`, file);
    return tarball;
  } catch (error) {
    fs.rmSync(claim, { force: true }); // the next one meets the same error, and says so
    throw error;
  }
}

async function makeTemplate(): Promise<Uint8Array> {
  const { pool, dumpDataDir, close } = await openEmbedded({ directory: null, maintenance: false });
  try {
    await prepareTemplate(pool);
    return await dumpDataDir();
  } finally {
    await close();
  }
}

async function whenMade(file: string, claim: string): Promise<Uint8Array> {
  while (!fs.existsSync(file)) {
    if (!fs.existsSync(claim)) return await embeddedTemplate(path.dirname(file));
    await sleep(50);
  }
  return fs.readFileSync(file);
}
