import type { Command } from 'commander';
import { SIGNALBOX } from './called-as.ts';

/** Adds what a reader of `--help` copies. Each is a command and, after two spaces, what it is for. */
export function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${lines.map((line) => `  $ ${SIGNALBOX} ${line}`).join('\n')}\n`,
  );
}
