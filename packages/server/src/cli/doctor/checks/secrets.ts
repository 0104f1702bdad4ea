import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_KEY_FILE } from '../../../config/secret-key.ts';
import { counted } from '../../output.ts';
import { type Check, fail, ok, type Patient, type Result, warn } from '../check.ts';

export const secrets: Check = {
  id: 'secrets',
  title: 'Secrets can be opened',
  async run(patient) {
    const { rows } = await patient.services.engine.pool.query<{ id: number; name: string; sealed: string }>({
      text: `select id::integer as id, name, secrets as sealed from tenant_integrations
             where secrets is not null and deleted_at is null order by id`,
    });
    const sealedShut = rows.filter(({ sealed }) => !hasKeyFor(patient, sealed));
    if (sealedShut.length > 0) {
      const names = sealedShut.map(({ id, name }) => `"${name}" (${id})`).join(', ');
      const says = `The secrets of ${counted(sealedShut.length, 'integration')} were sealed with another key: ${names}.`;
      return fail(says, 'Add the old key to SECRET_KEY, after a comma; or set those secrets again.');
    }
    return [
      ok(`${counted(rows.length, 'integration')} with secrets; all of them open.`),
      ...fileResults(patient),
    ];
  },
};

/** Tries the key only: the context that a seal is bound to is the engine's own affair. */
function hasKeyFor({ services: { keyRing } }: Patient, sealed: string): boolean {
  try {
    keyRing.open(sealed, '');
    return true;
  } catch (error) {
    return !(error as Error).message.includes('SECRET_KEY');
  }
}

function fileResults({ services: { config } }: Patient): Result[] {
  const path = join(config.dataDirectory, SECRET_KEY_FILE);
  if (config.secretKeys.length > 0 || !existsSync(path)) return [];
  const open = (statSync(path).mode & 0o077) !== 0 && process.platform !== 'win32';
  return open ? [warn(`Others may read ${path}.`, `Run: chmod 600 ${path}`)] : [];
}
