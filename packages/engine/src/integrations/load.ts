import type { Connector, IntegrationConfig } from '../connector.ts';
import type { Queryable } from '../database.ts';
import type { RetryPolicy } from '../retry/policy.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { rows } from '../sql.ts';
import { openSecrets, type StoredAuth, type StoredSigning } from './secrets.ts';

/** An integration as a worker uses it: secrets opened, connector settings made. Lives in memory only. */
export interface LoadedIntegration {
  id: number;
  tenantId: string;
  name: string;
  version: number;
  connector: Connector;
  settings: unknown;
  retryPolicy: RetryPolicy;
  rateLimit: number | null;
  concurrency: number;
  notes: 'all' | 'failures' | 'none';
}

/** Why an integration cannot be used at all: an unknown connector, a secret that no key opens. */
export interface BrokenIntegration {
  id: number;
  version: number;
  problem: string;
}

export interface IntegrationRow {
  id: number;
  tenant_id: string;
  name: string;
  version: number;
  connector: string;
  url: string | null;
  auth: StoredAuth;
  signing: StoredSigning;
  secrets: string | null;
  template: unknown;
  settings: Record<string, unknown>;
  retry_policy: RetryPolicy;
  rate_limit: { per_second: number } | null;
  concurrency: number;
  notes: 'all' | 'failures' | 'none';
}

export type Loaded = { ok: true; integration: LoadedIntegration } | { ok: false; broken: BrokenIntegration };

export async function loadIntegrations(
  db: Queryable,
  ids: number[],
  connectors: ReadonlyMap<string, Connector>,
  keyRing: KeyRing,
  now: Date,
): Promise<Map<number, Loaded>> {
  const found = await rows<IntegrationRow>(
    db,
    `select id, tenant_id, name, version, connector, url, auth, signing, secrets, template, settings, retry_policy,
            rate_limit, concurrency, notes
     from tenant_integrations where id = any($1)`,
    [ids],
    'signalbox_load_integrations',
  );
  return new Map(found.map((row) => [row.id, configure(row, connectors, keyRing, now)]));
}

function configure(
  row: IntegrationRow,
  connectors: ReadonlyMap<string, Connector>,
  keyRing: KeyRing,
  now: Date,
): Loaded {
  const broken = (problem: string): Loaded => ({
    ok: false,
    broken: { id: row.id, version: row.version, problem },
  });
  const connector = connectors.get(row.connector);
  if (!connector) return broken(`this version of Signalbox has no connector "${row.connector}"`);
  try {
    return {
      ok: true,
      integration: {
        id: row.id,
        tenantId: row.tenant_id,
        name: row.name,
        version: row.version,
        connector,
        settings: connector.configure(toConfig(row, keyRing, now)),
        retryPolicy: row.retry_policy,
        rateLimit: row.rate_limit?.per_second ?? null,
        concurrency: row.concurrency,
        notes: row.notes,
      },
    };
  } catch (error) {
    return broken(error instanceof Error ? error.message : String(error));
  }
}

export function toConfig(row: IntegrationRow, keyRing: KeyRing, now: Date): IntegrationConfig {
  const secrets = openSecrets(keyRing, row.id, row.secrets);
  return {
    url: row.url,
    headers: secrets.headers,
    auth: secrets.auth(row.auth),
    signing: secrets.signing(row.signing, now),
    template: row.template,
    settings: row.settings,
  };
}
