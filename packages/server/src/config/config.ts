import type { SettingName } from './settings.ts';

/** What this process was told. Made by `readConfig`, handed to whoever needs it; nothing reads the environment. */
export interface Config {
  environment: 'development' | 'production';
  /** null: the embedded database in `dataDirectory`. */
  databaseUrl: string | null;
  /** Absolute. */
  dataDirectory: string;
  /** Empty: the key of the data directory is used (`readOrCreateSecretKey`). */
  secretKeys: string[];
  host: string;
  port: number;
  /** Without a trailing slash; null: what the web role listens on. */
  publicUrl: string | null;
  concurrency: number;
  /** CIDRs that may be called although they are not public. */
  egressAllow: string[];
  retention: { successDays: number; failureDays: number };
  shutdownTimeoutMs: number;
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** How each setting came to be, for `signalbox config`. */
  origins: Record<SettingName, Origin>;
  /** What is odd but not wrong, in sentences. */
  warnings: string[];
}

export interface Origin {
  /** As given, or as the default says; null: not set and no default. */
  text: string | null;
  source: string;
}

/** Everything that is wrong with the configuration, one sentence each. */
export class ConfigProblems extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    const count = problems.length === 1 ? 'One problem' : `${problems.length} problems`;
    super(`${count} with the configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigProblems';
    this.problems = problems;
  }
}
