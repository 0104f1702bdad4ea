import type { Tenant } from '../accounts/tenants.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Services } from '../services.ts';
import { DEMO_INBOX, ensureDemoInbox } from './demo-inbox.ts';
import { ensureDemoKey } from './demo-key.ts';
import { seed } from './seed.ts';
import { DEMO_SLUG } from './story.ts';

export interface Demo {
  key: string;
  inboxUrl: string;
}

/**
 * Something to look at on the first start: a tenant with records, an integration that delivers to the
 * built-in inbox, which knows its secret, and a key. Null when the database is somebody's own.
 */
export async function ensureDemo(services: Services, url: string, inbox: Inbox): Promise<Demo | null> {
  if (await seed(services.engine.pool)) services.logger.info('demo data was added to the empty database');
  const tenant: Tenant | undefined = await services.tenants.find(DEMO_SLUG);
  if (tenant === undefined) return null;
  const inboxUrl = `${url}/inbox/${DEMO_INBOX}`;
  await ensureDemoInbox(services, tenant, inboxUrl, inbox.mailbox(DEMO_INBOX));
  return { key: await ensureDemoKey(services, tenant), inboxUrl };
}
