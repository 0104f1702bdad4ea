import { timingSafeEqual } from 'node:crypto';
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database, Role } from '../host/schema.ts';
import type { Host } from '../host/scope.ts';
import type { Caller } from './caller.ts';
import { generateKey, parseKey } from './key-text.ts';

/** A verified key is believed for this long without a look at the database. */
export const TRUSTED_FOR_MS = 10_000;
const TRUSTED_KEYS = 10_000;

export type ApiKeyInfo = Omit<Selectable<Database['api_keys']>, 'hash'>;

export interface NewApiKey {
  tenantId: number;
  name: string;
  role: Role;
  integrationId?: number;
  expiresAt?: Date;
}

export interface ApiKeys {
  /** `text` is the key itself, shown this once: only its hash is kept. */
  create(key: NewApiKey): Promise<{ key: ApiKeyInfo; text: string }>;
  list(tenantId: number): Promise<ApiKeyInfo[]>;
  /** In force at once in this process and within ten seconds in every other. False: not found. */
  revoke(tenantId: number, id: number): Promise<boolean>;
  /** Who a key speaks for; null when it is unknown, revoked or expired. */
  verify(text: string): Promise<Caller | null>;
}

const INFO = [
  'id',
  'tenant_id',
  'name',
  'role',
  'prefix',
  'last_four',
  'integration_id',
  'created_at',
  'last_used_at',
  'expires_at',
  'revoked_at',
] as const;

export function createApiKeys(host: Pick<Host, 'acrossTenants'>, now = Date.now): ApiKeys {
  const trusted = new Map<string, { caller: Caller; until: number }>();

  function trust(hash: string, caller: Caller, expiresAt: Date | null) {
    if (trusted.size >= TRUSTED_KEYS) trusted.clear();
    const until = Math.min(now() + TRUSTED_FOR_MS, expiresAt?.getTime() ?? Number.POSITIVE_INFINITY);
    trusted.set(hash, { caller, until });
  }

  return {
    async create({ tenantId, name, role, integrationId, expiresAt }) {
      const { text, prefix, lastFour, hash } = generateKey();
      const key = await host.acrossTenants((db) =>
        db
          .insertInto('api_keys')
          .values({
            tenant_id: tenantId,
            name,
            role,
            prefix,
            last_four: lastFour,
            hash,
            integration_id: integrationId ?? null,
            expires_at: expiresAt ?? null,
          })
          .returning(INFO)
          .executeTakeFirstOrThrow(),
      );
      return { key, text };
    },

    list: (tenantId) =>
      host.acrossTenants((db) =>
        db.selectFrom('api_keys').select(INFO).where('tenant_id', '=', tenantId).orderBy('id').execute(),
      ),

    async revoke(tenantId, id) {
      const revoked = await host.acrossTenants((db) =>
        db
          .updateTable('api_keys')
          .set((column) => ({ revoked_at: column.fn.coalesce('revoked_at', sql<Date>`now()`) }))
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .returning('hash')
          .executeTakeFirst(),
      );
      if (revoked) trusted.delete(revoked.hash.toString('hex'));
      return revoked !== undefined;
    },

    async verify(text) {
      const key = parseKey(text);
      if (!key) return null;
      const hash = key.hash.toString('hex');
      const known = trusted.get(hash);
      if (known && now() < known.until) return known.caller;
      trusted.delete(hash);

      const found = await host.acrossTenants((db) =>
        db
          .selectFrom('api_keys')
          .innerJoin('tenants', 'tenants.id', 'api_keys.tenant_id')
          .select(['api_keys.id', 'api_keys.name', 'prefix', 'role', 'hash', 'integration_id', 'expires_at'])
          .select(['tenant_id', 'slug', 'tenants.name as tenant_name'])
          .where('prefix', '=', key.prefix)
          .where('revoked_at', 'is', null)
          .executeTakeFirst(),
      );
      if (!found || !timingSafeEqual(found.hash, key.hash)) return null;
      if (found.expires_at && found.expires_at.getTime() <= now()) return null;
      const caller: Caller = {
        tenant: { id: found.tenant_id, slug: found.slug, name: found.tenant_name },
        key: { id: found.id, name: found.name, prefix: found.prefix },
        role: found.role,
        integrationId: found.integration_id,
      };
      trust(hash, caller, found.expires_at);
      await touch(host, found.id);
      return caller;
    },
  };
}

/** last_used_at, at most once a minute, so that a busy key does not write with every look. */
async function touch(host: Pick<Host, 'acrossTenants'>, id: number): Promise<void> {
  await host.acrossTenants((db) =>
    db
      .updateTable('api_keys')
      .set({ last_used_at: sql<Date>`now()` })
      .where('id', '=', id)
      .where((row) =>
        row.or([
          row('last_used_at', 'is', null),
          row('last_used_at', '<', sql<Date>`now() - interval '1 minute'`),
        ]),
      )
      .execute(),
  );
}
