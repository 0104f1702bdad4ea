/**
 * Whether an error says that the database is in trouble, and nothing of the rows it was given: the
 * connection is gone, transactions collided, it may not write now (25006: read-only after a failover), a
 * lock was not to be had, or it has no room, memory or connections left. The same rows are good later.
 *
 * Everything else is the rows' own: a payload or an answer that Postgres does not take.
 */
export function isDatabaseTrouble(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return TROUBLE.test(code);
  // pg gives these no code
  return typeof message === 'string' && WITHOUT_CODE.test(message);
}

/** Classes of sqlstate, and what Node says of sockets. */
const TROUBLE = /^(08|25|40|53|55|57|58|ECONN|EPIPE|ETIMEDOUT)/;
const WITHOUT_CODE = /^(Connection terminated|Client (has encountered|was closed)|timeout exceeded when)/;
