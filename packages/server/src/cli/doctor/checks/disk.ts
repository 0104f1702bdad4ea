import { statfs } from 'node:fs/promises';
import { type Check, fail, ok, warn } from '../check.ts';

const WARN_BYTES = 1024 ** 3;
const FAIL_BYTES = 100 * 1024 ** 2;

export const disk: Check = {
  id: 'disk',
  title: 'There is room on the disk',
  async run({ services: { config, database, engine } }) {
    const { rows } = await engine.pool.query<{ bytes: string }>({
      text: 'select pg_database_size(current_database())::text as bytes',
    });
    const size = inWords(Number(rows[0]!.bytes));
    if (database.kind === 'postgres')
      return ok(`The database has ${size}; its server’s disk is not seen from here.`);
    const { bavail, bsize } = await statfs(config.dataDirectory);
    const free = bavail * bsize;
    const says = `The database has ${size}, and ${inWords(free)} are free in ${config.dataDirectory}.`;
    if (free < FAIL_BYTES) return fail(says, 'Make room now: a full disk stops every write.');
    if (free < WARN_BYTES)
      return warn(says, 'Make room, or keep less: RETENTION_SUCCESS_DAYS, RETENTION_FAILURE_DAYS.');
    return ok(says);
  },
};

function inWords(bytes: number): string {
  return bytes >= 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GB` : `${Math.round(bytes / 1024 ** 2)} MB`;
}
