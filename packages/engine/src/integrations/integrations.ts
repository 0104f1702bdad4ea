import type { Clock } from '../clock.ts';
import type { Connector, HttpClient } from '../connector.ts';
import { type Pool, type Transaction, transaction } from '../database.ts';
import type { Catalogue, Integrations } from '../engine-api.ts';
import type { Guard } from '../http/guard.ts';
import { Conditions } from '../paging.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { affected } from '../sql.ts';
import { cancelPending } from '../syncs/cancel.ts';
import { lockLanes } from '../syncs/lanes.ts';
import { buildConfiguration, type ConfigurationContext, generateSigningSecret } from './configuration.ts';
import { describeSecrets, readSecrets, sealSecrets, validSecrets } from './secrets.ts';
import {
  type FullRow,
  findRow,
  insertRow,
  listRows,
  lockRow,
  nextId,
  toIntegration,
  updateRow,
} from './store.ts';
import { testConfiguration } from './test-delivery.ts';

export interface IntegrationsOptions {
  pool: Pool;
  catalogue: Catalogue;
  connectors: ReadonlyMap<string, Connector>;
  keyRing: KeyRing;
  http: HttpClient;
  guard: Guard;
  clock: Clock;
  compileFilter(filter: unknown): unknown;
  wake(): void;
}

const DEFAULT_OVERLAP_MS = 24 * 60 * 60 * 1_000;
/** More valid secrets than this would only make the signature header long. */
const MAX_SECRETS = 5;

export function createIntegrations(options: IntegrationsOptions): Integrations {
  const { pool, catalogue, connectors, keyRing, clock, wake } = options;
  const context = (): ConfigurationContext => ({ ...options, now: clock.now() });

  /** Runs a change on a locked row and returns the integration as it is afterwards. */
  async function change(
    tenantId: string,
    id: number,
    work: (tx: Transaction, row: FullRow) => Promise<void>,
  ) {
    const changed = await transaction(pool, async (tx) => {
      const row = await lockRow(tx, tenantId, id);
      if (!row) return null;
      await work(tx, row);
      return findRow(tx, tenantId, id);
    });
    if (changed) wake();
    return changed && toIntegration(changed);
  }

  return {
    list: (tenantId, filter, page) => listRows(pool, tenantId, filter, page),

    async get(tenantId, id) {
      const row = await findRow(pool, tenantId, id);
      return row && toIntegration(row);
    },

    async create(tenantId, input) {
      return transaction(pool, async (tx) => {
        const id = await nextId(tx);
        const { stored, generatedSecret } = buildConfiguration(id, null, input, context());
        await insertRow(tx, tenantId, id, stored, clock.forStatement());
        const row = await findRow(tx, tenantId, id);
        return { integration: toIntegration(row!), generatedSecret };
      });
    },

    update: (tenantId, id, input) =>
      change(tenantId, id, async (tx, row) => {
        const { stored } = buildConfiguration(id, row, input, context());
        await updateRow(tx, id, stored, clock.forStatement());
      }),

    async remove(tenantId, id) {
      const isRemoved = await transaction(pool, async (tx) => {
        const row = await lockRow(tx, tenantId, id);
        if (!row) return false;
        await affected(
          tx,
          `update tenant_integrations set deleted_at = coalesce($2::timestamptz, now()), is_active = false,
             version = version + 1, secrets = null, secrets_info = '{}' where id = $1`,
          [id, clock.forStatement()],
        );
        // The dispatch that is under way may still add some; the next one sees that it is deleted.
        await lockLanes(tx);
        const own = new Conditions().equal('s.tenant_id', tenantId).equal('s.integration_id', id);
        await cancelPending(tx, own, 'integration_deleted', clock.forStatement());
        return true;
      });
      if (isRemoved) wake();
      return isRemoved;
    },

    pause: (tenantId, id, reason) =>
      change(tenantId, id, (tx) => setPaused(tx, id, reason ?? 'paused by hand', clock.forStatement())),

    resume: (tenantId, id) =>
      change(tenantId, id, async (tx) => {
        await affected(
          tx,
          `update tenant_integrations set paused_at = null, pause_reason = null, version = version + 1,
             updated_at = coalesce($2::timestamptz, now()) where id = $1`,
          [id, clock.forStatement()],
        );
      }),

    async rotateSecret(tenantId, id, { secret, overlapMs = DEFAULT_OVERLAP_MS } = {}) {
      const fresh = secret ?? generateSigningSecret();
      const integration = await change(tenantId, id, async (tx, row) => {
        const now = clock.now();
        const type = row.signing.type === 'none' ? 'standard-webhooks' : row.signing.type;
        // checked as any new configuration is, which may refuse the secret
        const { stored } = buildConfiguration(id, row, { signing: { type, secret: fresh } }, context());
        const before = readSecrets(keyRing, id, row.secrets);
        const old = validSecrets(before, now).map((entry) => ({
          secret: entry.secret,
          expiresAt: Math.min(entry.expiresAt ?? Number.POSITIVE_INFINITY, now.getTime() + overlapMs),
        }));
        const document = {
          ...before,
          signing: [{ secret: fresh, expiresAt: null }, ...(overlapMs > 0 ? old : [])].slice(0, MAX_SECRETS),
        };
        await updateRow(
          tx,
          id,
          {
            ...stored,
            secrets: sealSecrets(keyRing, id, document),
            secrets_info: describeSecrets(document, before, row.secrets_info, now),
          },
          clock.forStatement(),
        );
      });
      return integration && { integration, secret: fresh };
    },

    async test(tenantId, id, { eventType, tenantName }) {
      const row = await findRow(pool, tenantId, id);
      if (!row) return null;
      const tenant = { id: asNumber(tenantId), name: tenantName };
      return testConfiguration({ ...options, id, stored: row, eventType, tenant, catalogue, connectors });
    },

    async testInput(tenantId, input, { eventType, tenantName }) {
      const { stored } = buildConfiguration(0, null, { name: 'test', ...input }, context());
      const tenant = { id: asNumber(tenantId), name: tenantName };
      return testConfiguration({ ...options, id: 0, stored, eventType, tenant, catalogue, connectors });
    },
  };
}

async function setPaused(tx: Transaction, id: number, reason: string, now: Date | null): Promise<void> {
  await affected(
    tx,
    `update tenant_integrations set paused_at = coalesce(paused_at, $3::timestamptz, now()),
       pause_reason = coalesce(pause_reason, $2), version = version + 1, updated_at = coalesce($3::timestamptz, now())
     where id = $1`,
    [id, reason, now],
  );
}

function asNumber(id: string): number | string {
  return /^\d{1,15}$/.test(id) ? Number(id) : id;
}
