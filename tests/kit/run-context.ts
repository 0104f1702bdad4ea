/** What the global setup tells the test files. */
export interface RunContext {
  /** temporary directory of this run */
  directory: string;
  /** null: no server, for this reason */
  postgres: { url: string; template: string; prefix: string; ownServer: boolean } | null;
  whyNoPostgres: string;
  /** suites on Postgres are skipped instead of failing */
  embeddedOnly: boolean;
}

declare module 'vitest' {
  interface ProvidedContext {
    signalboxRun: RunContext;
  }
}
