import type { Clock } from '../clock.ts';
import { type Pool, transaction } from '../database.ts';
import type { Sync, SyncFilter, Syncs } from '../engine-api.ts';
import { Conditions, readPage, toPage } from '../paging.ts';
import { REASONS } from '../reasons.ts';
import { rows } from '../sql.ts';
import { cancelPending } from './cancel.ts';
import { wakeLanes } from './lanes.ts';
import { type RetriedBatch, retrySyncs } from './retry.ts';

/** Syncs a transaction, so that dispatch does not wait long for the lanes. */
const RETRY_BATCH = 1_000;

export interface SyncRow {
  id: number;
  tenant_id: string;
  event_id: string;
  integration_id: number;
  event_type: string;
  model: string;
  record_id: string;
  status: Sync['status'];
  reason: string | null;
  attempts: number;
  next_attempt_at: Date | null;
  last_error: string | null;
  external_id: string | null;
  created_at: Date;
  ended_at: Date | null;
  parked: boolean;
}

/** `parked` and `waiting` are states of the integration and of the lane, so they are derived, not stored. */
export const SYNC_COLUMNS = `
  s.id, s.tenant_id, s.event_id, s.integration_id, s.event_type, s.model, s.record_id, s.status, s.reason,
  s.attempts, s.next_attempt_at, s.last_error, s.external_id, s.created_at, s.ended_at,
  s.status = 'pending' and coalesce(i.paused_at is not null or not i.is_active, false) as parked`;
export const SYNC_TABLES = 'integration_syncs s left join tenant_integrations i on i.id = s.integration_id';

export function createSyncs(pool: Pool, clock: Clock, wake: () => void): Syncs {
  const get = async (tenantId: string, id: number): Promise<(Sync & { payload: string }) | null> => {
    const [row] = await rows<SyncRow & { payload: string | null }>(
      pool,
      `select ${SYNC_COLUMNS}, coalesce(s.payload, e.payload) as payload
       from ${SYNC_TABLES} left join integration_events e on e.id = s.event_id
       where s.tenant_id = $1 and s.id = $2`,
      [tenantId, id],
    );
    return row ? { ...toSync(row), payload: row.payload ?? '' } : null;
  };

  return {
    get,

    async list(tenantId, filter, page) {
      const { limit, before } = readPage(page);
      const conditions = matching(tenantId, filter).add((p) => `s.id < ${p}`, before);
      const found = await rows<SyncRow>(
        pool,
        `select ${SYNC_COLUMNS} from ${SYNC_TABLES} where ${conditions.where} order by s.id desc limit ${limit + 1}`,
        conditions.values,
      );
      return toPage(found, limit, (row) => row.id, toSync);
    },

    async retry(tenantId, id) {
      const conditions = new Conditions().equal('s.tenant_id', tenantId).equal('s.id', id);
      await transaction(pool, (tx) => retrySyncs(tx, conditions, { limit: 1, now: clock.forStatement() }));
      wake();
      return get(tenantId, id);
    },

    async retryMatching(tenantId, filter) {
      const conditions = matching(tenantId, { ...filter, status: filter.status ?? 'failed' });
      let total = 0;
      let after: number | null = 0;
      while (after !== null) {
        const batch: RetriedBatch = await transaction(pool, (tx) =>
          retrySyncs(tx, conditions, { limit: RETRY_BATCH, after: after!, now: clock.forStatement() }),
        );
        total += batch.retried;
        after = batch.last;
        wake();
      }
      return total;
    },

    async cancelPending(tenantId, filter, reason) {
      const conditions = matching(tenantId, { ...filter, status: 'pending' });
      const lanes = await cancelPending(pool, conditions, reason, clock.forStatement());
      if ((await wakeLanes(pool, lanes, clock.forStatement())) > 0) wake();
      return lanes.length;
    },

    async countPending(tenantId) {
      const conditions = new Conditions().literally("status = 'pending'").equal('tenant_id', tenantId);
      const [row] = await rows<{ n: number }>(
        pool,
        `select count(*) as n from integration_syncs where ${conditions.where}`,
        conditions.values,
      );
      return row!.n;
    },
  };
}

/** `tenantId` null is every tenant: for commands of admins only. */
export function matching(tenantId: string | null, filter: SyncFilter): Conditions {
  const conditions = new Conditions()
    .equal('s.tenant_id', tenantId)
    .equal('s.integration_id', filter.integrationId)
    .equal('s.event_id', filter.eventId)
    .equal('s.event_type', filter.eventType)
    .equal('s.model', filter.model)
    .equal('s.record_id', filter.recordId)
    .add((p) => `s.created_at >= ${p}`, filter.createdAfter)
    .add((p) => `s.created_at < ${p}`, filter.createdBefore)
    .equal('s.reason', filter.reason);
  // literals, so that the partial indexes serve
  if (filter.status === 'failed') return conditions.literally("s.status = 'failed'");
  if (filter.status === 'pending') return conditions.literally("s.status = 'pending'");
  return conditions.equal('s.status', filter.status);
}

export function toSync(row: SyncRow): Sync {
  const reason = reasonOf(row);
  return {
    id: row.id,
    tenantId: row.tenant_id,
    eventId: row.event_id,
    integrationId: row.integration_id,
    eventType: row.event_type,
    model: row.model,
    recordId: row.record_id,
    status: row.status,
    reason,
    reasonText: reason && (REASONS[reason] ?? null),
    attempts: row.attempts,
    nextAttemptAt: row.status === 'pending' && !row.parked ? row.next_attempt_at : null,
    lastError: row.last_error,
    externalId: row.external_id,
    createdAt: row.created_at,
    syncedAt: row.status === 'synced' ? row.ended_at : null,
  };
}

function reasonOf(row: SyncRow): string | null {
  if (row.status === 'pending' && row.next_attempt_at === null) return 'waiting';
  if (row.parked && row.reason === null) return 'parked';
  return row.reason;
}
