import { join } from 'node:path';
import { generateSigningSecret, type Integration } from '@signalbox/engine';
import type { Tenant } from '../accounts/tenants.ts';
import type { Mailbox } from '../inbox/mailbox.ts';
import type { Services } from '../services.ts';
import { keep, readKept } from './kept-file.ts';

/** Its name in the inbox's address. */
export const DEMO_INBOX = 'demo';
const NAME = 'Demo inbox';
const SECRET_FILE = 'demo-secret';

/**
 * The integration that delivers to the built-in inbox. Made once; follows the port when that changes. Its
 * secret is kept beside the demo key, so that the inbox can check signatures after a restart too.
 */
export async function ensureDemoInbox(
  services: Services,
  tenant: Tenant,
  url: string,
  mailbox: Mailbox,
): Promise<void> {
  const path = join(services.config.dataDirectory, SECRET_FILE);
  let secret = readKept(path);
  if (secret === null) {
    secret = generateSigningSecret();
    keep(path, secret);
  }
  const integration = await ensureIntegration(services, tenant, url, secret);
  if (integration !== null && signsWith(integration, secret)) mailbox.change({ secret });
}

/** Null: somebody has deleted it. */
async function ensureIntegration(
  { engine }: Services,
  tenant: Tenant,
  url: string,
  secret: string,
): Promise<Integration | null> {
  const tenantId = String(tenant.id);
  const { data } = await engine.integrations.list(tenantId, {}, { limit: 200 });
  const existing = data.find(({ name }) => name === NAME);
  if (existing !== undefined) {
    const moved = existing.url !== url && isInbox(existing.url);
    return moved ? engine.integrations.update(tenantId, existing.id, { url }) : existing;
  }
  if (await hadIntegrations(engine, tenantId)) return null;
  const { integration } = await engine.integrations.create(tenantId, {
    name: NAME,
    connector: 'webhook',
    url,
    eventTypes: engine.catalogue.eventTypes.map(({ name }) => name),
    signing: { type: 'standard-webhooks', secret },
  });
  return integration;
}

/** Not after a rotation: an inbox with an old secret would call good signatures wrong. */
function signsWith({ signing }: Integration, secret: string): boolean {
  const [newest] = signing.secrets;
  return newest !== undefined && secret.endsWith(newest.lastFour);
}

function isInbox(url: string | null): boolean {
  return url !== null && URL.parse(url)?.pathname === `/inbox/${DEMO_INBOX}`;
}

/** Somebody who deleted it does not want it back. */
async function hadIntegrations({ pool }: Services['engine'], tenantId: string): Promise<boolean> {
  const { rows } = await pool.query({
    text: 'select from tenant_integrations where tenant_id = $1 limit 1',
    values: [tenantId],
  });
  return rows.length > 0;
}
