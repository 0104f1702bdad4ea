import type { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { humanLines } from './human-log.ts';

export type AppLogger = Logger;

export interface LoggerOptions {
  level: string;
  /** For eyes instead of for machines. */
  human: boolean;
}

/** JSON lines, or short coloured lines on a terminal. Secrets are cut out of whatever is logged. */
export function createLogger(to: Writable, { level, human }: LoggerOptions): AppLogger {
  const redact = ['secret', '*.secret', 'headers.authorization', 'req.headers.authorization', '*.password'];
  const destination = human ? humanLines(to) : to;
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact }, destination);
}
