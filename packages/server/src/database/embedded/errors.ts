/** Why the embedded database refused or stopped. `code` is stable, the message says what to do. */
export type EmbeddedErrorCode =
  /** another process (or this one) has the directory open */
  | 'directory_in_use'
  /** the directory holds something this version cannot open */
  | 'directory_unusable'
  /** the one session was not free in time */
  | 'session_busy'
  /** the database thread died; committed data is safe and is recovered at the next start */
  | 'database_stopped'
  /** `close()` was called */
  | 'database_closed';

export class EmbeddedDatabaseError extends Error {
  readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedDatabaseError';
    this.code = code;
  }
}
