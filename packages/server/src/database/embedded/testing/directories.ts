import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { oncePerRun } from '../../../../../../tests/kit/once-per-run.ts';
import { openEmbedded } from '../index.ts';

const made: string[] = [];

/** An empty temporary directory, removed after the file's tests. */
export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'signalbox-embedded-'));
  made.push(directory);
  return directory;
}

/** A directory with a fresh, closed database: made once per run (initdb takes seconds), then copied. */
export async function databaseDirectory(): Promise<string> {
  const original = await oncePerRun('embedded-directory', async (target) => {
    const { close } = await openEmbedded({ directory: target });
    await close();
  });
  const directory = temporaryDirectory();
  fs.cpSync(original, directory, { recursive: true });
  return directory;
}

afterAll(() => {
  for (const directory of made) fs.rmSync(directory, { recursive: true, force: true });
});
