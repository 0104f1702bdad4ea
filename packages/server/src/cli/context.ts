import type { Config } from '../config/config.ts';
import type { Services } from '../services.ts';
import type { Io } from './io.ts';

/** What every command gets. */
export interface Context {
  io: Io;
  /** Throws ConfigProblems. */
  config(): Config;
  /** Runs `work` with everything wired, migrated and open, and closes what was opened for it. */
  withServices<T>(work: (services: Services) => Promise<T>): Promise<T>;
  /** The same without bringing the database to this version, for the commands that look at that. */
  withServicesAsIs<T>(work: (services: Services) => Promise<T>): Promise<T>;
  /** Becomes one or several roles and returns when asked to end. Only in the caller's own process. */
  serve(roles: ServedRoles): Promise<number>;
  /** Sets the exit code of a command that ran but has bad news. */
  fail(): void;
}

export interface ServedRoles {
  web: boolean;
  worker: boolean;
  scheduler: boolean;
  /** `start`: migrates by itself, has the inbox and demo data in development. */
  all: boolean;
  concurrency?: number;
}
