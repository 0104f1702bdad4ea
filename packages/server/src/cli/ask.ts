import { createInterface } from 'node:readline/promises';
import { UsageError } from './errors.ts';
import type { Io } from './io.ts';

/** Asks before something is lost. Without a terminal there is nobody to ask: then `--yes` is needed. */
export async function confirm(io: Io, question: string): Promise<boolean> {
  if (!io.isTTY.stdin) {
    throw new UsageError(`${question}\nThere is no terminal to ask on. Add --yes to do it without asking.`);
  }
  const prompt = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal: io.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
