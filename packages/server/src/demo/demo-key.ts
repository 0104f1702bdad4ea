import { join } from 'node:path';
import type { Tenant } from '../accounts/tenants.ts';
import type { Services } from '../services.ts';
import { keep, readKept } from './kept-file.ts';

const FILE = 'demo-key';

/** An API key of the demo tenant, the same at every start. Kept in the data directory, for its owner alone. */
export async function ensureDemoKey({ apiKeys, config }: Services, tenant: Tenant): Promise<string> {
  const path = join(config.dataDirectory, FILE);
  const kept = readKept(path);
  if (kept !== null && (await apiKeys.verify(kept))?.tenant.id === tenant.id) return kept;
  const { text } = await apiKeys.create({ tenantId: tenant.id, name: 'Demo key', role: 'admin' });
  keep(path, text);
  return text;
}
