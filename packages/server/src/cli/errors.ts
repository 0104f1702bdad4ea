export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** A failure that is told in sentences, without a stack. Says what happened and what to do. */
export class CliError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.failure) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

/** The command was called wrongly. */
export class UsageError extends CliError {
  constructor(message: string) {
    super(message, EXIT.usage);
    this.name = 'UsageError';
  }
}

/** The database is in use by a running server, which has to run this command instead. The message says by whom. */
export class RunInServer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RunInServer';
  }
}
