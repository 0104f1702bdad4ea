import type { Connector, IntegrationConfig } from '../connector.ts';
import type { Queryable } from '../database.ts';
import type { RetryPolicy } from '../retry/policy.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { rows } from '../sql.ts';
import { firstExpiry, openSecrets, readSecrets, type StoredAuth, type StoredSigning } from './secrets.ts';

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
  /** When the first of its secrets expires (ms since 1970): from then on it must be loaded again. */
  staleAt: number;
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

/**
 * - `open`    it may be called
 * - `closed`  it is paused, off or deleted, perhaps since its syncs were claimed
 * - `broken`  it cannot be used at all: an unknown connector, a secret that no key opens
 */
export type Loaded =
  | { state: 'open'; integration: LoadedIntegration }
  | { state: 'closed' }
  | { state: 'broken'; version: number; problem: string };

export async function loadIntegrations(
  db: Queryable,
  ids: number[],
  connectors: ReadonlyMap<string, Connector>,
  keyRing: KeyRing,
  now: Date,
): Promise<Map<number, Loaded>> {
  const found = await rows<IntegrationRow & { open: boolean }>(
    db,
    `select id, tenant_id, name, version, connector, url, auth, signing, secrets, template, settings, retry_policy,
            rate_limit, concurrency, notes, is_active and paused_at is null and deleted_at is null as open
     from tenant_integrations where id = any($1)`,
    [ids],
    'signalbox_load_integrations',
  );
  return new Map(
    found.map((row) => [row.id, row.open ? configure(row, connectors, keyRing, now) : { state: 'closed' }]),
  );
}

/** Those of the integrations that were not changed since they had this version, and may be called. */
export async function findUnchanged(
  db: Queryable,
  known: readonly { id: number; version: number }[],
): Promise<Set<number>> {
  const found = await rows<{ id: number }>(
    db,
    `select i.id from unnest($1::bigint[], $2::int[]) as k(id, version)
     join tenant_integrations i on i.id = k.id and i.version = k.version
     where i.is_active and i.paused_at is null and i.deleted_at is null`,
    [known.map(({ id }) => id), known.map(({ version }) => version)],
    'signalbox_find_unchanged',
  );
  return new Set(found.map((row) => row.id));
}

function configure(
  row: IntegrationRow,
  connectors: ReadonlyMap<string, Connector>,
  keyRing: KeyRing,
  now: Date,
): Loaded {
  const broken = (problem: string): Loaded => ({ state: 'broken', version: row.version, problem });
  const connector = connectors.get(row.connector);
  if (!connector) return broken(`this version of Signalbox has no connector "${row.connector}"`);
  try {
    return {
      state: 'open',
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
        staleAt: firstExpiry(readSecrets(keyRing, row.id, row.secrets), now),
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
