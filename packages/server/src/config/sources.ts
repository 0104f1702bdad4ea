import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value and where it came from: `environment`, `.env` or the file that a `*_FILE` name points at. */
export interface Found {
  text: string;
  source: string;
}

/** Names and values from the environment over those of the `.env` file. An empty value counts as absent. */
export interface Sources {
  names: { name: string; source: string }[];
  find(name: string): Found | null;
}

/** Throws only when `.env` exists and cannot be read. */
export function openSources(env: Environment, directory: string): Sources {
  const file = readEnvFile(join(directory, '.env'));
  const found = new Map<string, Found>();
  for (const [name, text] of Object.entries(file)) if (text) found.set(name, { text, source: '.env' });
  for (const [name, text] of Object.entries(env)) if (text) found.set(name, { text, source: 'environment' });
  return {
    names: [...found].map(([name, { source }]) => ({ name, source })),
    find: (name) => found.get(name) ?? null,
  };
}

function readEnvFile(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** The value of NAME, or the content of the file that NAME_FILE points at. Problems are added to the list. */
export function findSetting(sources: Sources, name: string, problems: string[]): Found | null {
  const direct = sources.find(name);
  const pointer = sources.find(`${name}_FILE`);
  if (pointer === null) return direct;
  if (direct !== null) {
    problems.push(`${name} and ${name}_FILE are both set; keep one of them.`);
    return null;
  }
  try {
    const text = readFileSync(pointer.text, 'utf8').trim();
    if (text === '') problems.push(`${name}_FILE points at ${pointer.text}, which is empty.`);
    return text === '' ? null : { text, source: `file ${pointer.text}` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'which does not exist' : `which cannot be read (${code})`;
    problems.push(`${name}_FILE points at ${pointer.text}, ${why}.`);
    return null;
  }
}
