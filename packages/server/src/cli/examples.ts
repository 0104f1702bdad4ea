import type { Command } from 'commander';

/** Adds what a reader of `--help` copies. Each is a command and, after two spaces, what it is for. */
export function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${lines.map((line) => `  $ signalbox ${line}`).join('\n')}\n`,
  );
}
