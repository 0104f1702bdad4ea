import { ConfigurationError } from '@signalbox/engine';
import { type Command, CommanderError } from 'commander';
import { ConfigProblems } from '../config/config.ts';
import { SIGNALBOX } from './called-as.ts';
import type { Context } from './context.ts';
import { CliError, EXIT, RunInServer, UsageError } from './errors.ts';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';

export type Access = Pick<Context, 'config' | 'withServices' | 'withServicesAsIs' | 'serve'>;

/**
 * Runs one command and resolves to its exit code: 0 done, 1 failed, 2 called wrongly. Rejects only with
 * {@link RunInServer}, when `access` says that a running server has to do it.
 */
export async function run(argv: readonly string[], io: Io, access: Access): Promise<number> {
  let exitCode: number = EXIT.ok;
  const context: Context = {
    ...access,
    io,
    fail() {
      exitCode = EXIT.failure;
    },
    serve: async (roles) => {
      exitCode = await access.serve(roles);
      return exitCode;
    },
  };
  const program = buildProgram(context);
  listenTo(program, io);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof RunInServer) throw error;
    return report(error, io);
  }
}

/** Commander writes to the caller and throws instead of ending the process, in every subcommand too. */
function listenTo(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
    getOutHelpWidth: () => io.columns ?? 100,
    getErrHelpWidth: () => io.columns ?? 100,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  for (const child of command.commands) listenTo(child, io);
}

function report(error: unknown, io: Io): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const said = toldPlainly(error);
  io.stderr.write(`${said ?? unexpected(error)}\n`);
  if (error instanceof CliError) return error.exitCode;
  return EXIT.failure;
}

const PLAIN_ERRORS = new Set(['EmbeddedDatabaseError', 'PostgresUnreachableError']);

function toldPlainly(error: unknown): string | null {
  if (error instanceof UsageError) return `${error.message}\n(see ${SIGNALBOX} --help)`;
  if (error instanceof CliError || error instanceof ConfigProblems) return error.message;
  if (error instanceof ConfigurationError) return `${error.field}: ${error.message}`;
  if (error instanceof Error && PLAIN_ERRORS.has(error.name)) return error.message;
  return databaseRefusal(error);
}

/** What Postgres says when a name is taken or a value does not fit. */
function databaseRefusal(error: unknown): string | null {
  const { code, detail, message, table } = error as {
    code?: string;
    detail?: string;
    message: string;
    table?: string;
  };
  if (code === '23505') return `It exists already: ${detail ?? message}`;
  if (code === '23514') return `A value does not fit (${table}): ${message}`;
  if (code === '42P01') return `The database is not set up (${message}). Run: ${SIGNALBOX} migrate`;
  return null;
}

function unexpected(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `This should not happen; please report it.\n${text}`;
}
