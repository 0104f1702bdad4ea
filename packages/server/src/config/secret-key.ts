import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SECRET_KEY_FILE = 'secret.key';

/**
 * The key that seals secrets when SECRET_KEY is not set: made once, kept in the data directory, readable
 * by its owner alone. Two processes that start at once agree on one key.
 */
export function readOrCreateSecretKey(dataDirectory: string): {
  key: string;
  path: string;
  created: boolean;
} {
  const path = join(dataDirectory, SECRET_KEY_FILE);
  return { path, ...readOrCreateSecret(path, () => randomBytes(32).toString('base64')) };
}

/** The text of a 0600 file; made on first use. */
export function readOrCreateSecret(path: string, make: () => string): { key: string; created: boolean } {
  const existing = readIfThere(path);
  if (existing !== null) return { key: existing, created: false };
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  const key = make();
  try {
    writeFileSync(path, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
    return { key, created: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { key: readFileSync(path, 'utf8').trim(), created: false };
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The configured keys, else the one of the data directory; `onCreated` hears where it was put when it is new. */
export function secretKeysOf(
  config: { secretKeys: string[]; dataDirectory: string },
  onCreated: (path: string) => void,
): string[] {
  if (config.secretKeys.length > 0) return config.secretKeys;
  const { key, path, created } = readOrCreateSecretKey(config.dataDirectory);
  if (created) onCreated(path);
  return [key];
}
