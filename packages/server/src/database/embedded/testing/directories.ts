import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { openEmbedded } from '../index.ts';

const made: string[] = [];

/** An empty temporary directory, removed after the file's tests. */
export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'signalbox-embedded-'));
  made.push(directory);
  return directory;
}

let created: Promise<string> | undefined;

/** A directory with a fresh, closed database: made once per file (initdb takes seconds), then copied. */
export async function databaseDirectory(): Promise<string> {
  created ??= createDatabase();
  const directory = temporaryDirectory();
  fs.cpSync(await created, directory, { recursive: true });
  return directory;
}

async function createDatabase(): Promise<string> {
  const directory = temporaryDirectory();
  const { close } = await openEmbedded({ directory });
  await close();
  return directory;
}

afterAll(() => {
  for (const directory of made) fs.rmSync(directory, { recursive: true, force: true });
});
