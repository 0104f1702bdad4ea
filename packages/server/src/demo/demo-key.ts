import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tenant } from '../accounts/tenants.ts';
import type { Services } from '../services.ts';

const FILE = 'demo-key';

/** An API key of the demo tenant, the same at every start. Kept in the data directory, for its owner alone. */
export async function ensureDemoKey({ apiKeys, config }: Services, tenant: Tenant): Promise<string> {
  const path = join(config.dataDirectory, FILE);
  const kept = readIfThere(path);
  if (kept !== null && (await apiKeys.verify(kept))?.tenant.id === tenant.id) return kept;
  const { text } = await apiKeys.create({ tenantId: tenant.id, name: 'Demo key', role: 'admin' });
  mkdirSync(config.dataDirectory, { recursive: true, mode: 0o700 });
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return text;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
