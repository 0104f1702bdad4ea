import { createServer } from 'node:net';
import { CliError } from '../cli/errors.ts';
import type { Config } from '../config/config.ts';

type Address = Pick<Config, 'host' | 'port'>;

/**
 * Listens for a moment and stops, so that a port that is taken is said before a database is opened or made.
 * Somebody may still take it in between: then `listen` itself says the same, a little later.
 */
export async function checkAddress({ host, port }: Address): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(explained(error, { host, port })));
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
}

/** Why listening failed, and what to do. */
export function explained(error: NodeJS.ErrnoException, { host, port }: Address): Error {
  if (error.code === 'EADDRINUSE') {
    return new CliError(
      `Port ${port} on ${host} is in use, perhaps by another Signalbox. Set PORT to another one; 0 takes any.`,
    );
  }
  if (error.code === 'EACCES')
    return new CliError(`This user may not listen on port ${port}. Set PORT to 1024 or higher.`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new CliError(
      `${host} is not an address of this machine. Set HOST to one, or to 0.0.0.0 for all of them.`,
    );
  }
  return error;
}
