import { PassThrough, Writable } from 'node:stream';
import type { TestDatabase } from '../../../../../tests/kit/test-database.ts';
import { readConfig } from '../../config/read-config.ts';
import type { Database } from '../../database/index.ts';
import { createLogger } from '../../process/logger.ts';
import { openServices, type Services } from '../../services.ts';
import type { Io } from '../io.ts';
import { type Access, run } from '../run.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Services on a test database, as a command gets them. The database stays open after `close`. */
export function openTestServices(
  database: Pick<TestDatabase, 'kind' | 'pool'>,
  env: Record<string, string> = {},
): Promise<Services> {
  const config = readConfig({ SECRET_KEY: 'the key of the tests which is long enough', ...env }, '/nowhere');
  const logger = createLogger(process.stderr, { level: 'silent', human: false });
  return openServices(config, { logger, database: database as unknown as Database });
}

/** Runs a command in this process. Without services it must not need any. */
export async function runCommand(
  argv: string[],
  services: Services | null = null,
  { input = null, isTTY = false }: { input?: string | null; isTTY?: boolean } = {},
): Promise<Ran> {
  const stdin = new PassThrough();
  if (input !== null) stdin.end(input);
  const stdout = collector();
  const stderr = collector();
  const io: Io = {
    stdin,
    stdout,
    stderr,
    isTTY: { stdin: isTTY, stdout: false },
    columns: 100,
    cwd: '/nowhere',
    env: {},
    signal: new AbortController().signal,
  };
  const code = await run(argv, io, accessTo(services));
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function accessTo(services: Services | null): Access {
  const need = <T>(work: (services: Services) => Promise<T>): Promise<T> =>
    services === null ? Promise.reject(new Error('this command needs services')) : work(services);
  return {
    config: () => services?.config ?? readConfig({}, '/nowhere'),
    withServices: need,
    withServicesAsIs: need,
    serve: () => Promise.reject(new Error('not in tests')),
  };
}

function collector(): Writable & { text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { text: () => Buffer.concat(chunks).toString() });
}
