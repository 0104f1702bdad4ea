import type { Queryable } from '@signalbox/engine';

/** What came of a sync, for the timeline of its record. */
export interface SyncOutcome {
  tenantId: string;
  model: string;
  recordId: string;
  syncId: number;
  integrationName: string;
  eventType: string;
  outcome: 'synced' | 'failed';
  explanation: string | null;
}

/** As much as a note's body may hold. */
const BODY_LIMIT = 10_000;

/**
 * Writes one system note an outcome, in the caller's transaction, in one statement. A sync that fails
 * again updates its `✗` note in place. Outcomes of records that are gone, or whose key is no number, or
 * whose tenant is gone, are left out: a note must never fail the engine's flush.
 */
export async function writeOutcomeNotes(tx: Queryable, outcomes: readonly SyncOutcome[]): Promise<void> {
  const latest = new Map<string, SyncOutcome>();
  for (const outcome of outcomes) {
    if (/^\d{1,18}$/.test(outcome.recordId) && /^\d{1,18}$/.test(outcome.tenantId)) {
      latest.set(`${outcome.syncId} ${outcome.outcome}`, outcome);
    }
  }
  if (latest.size === 0) return;
  const rows = [...latest.values()];
  await tx.query({
    name: 'write_outcome_notes',
    text: `insert into notes (tenant_id, model, record_id, body, sync_id, outcome)
           select tenant_id, model, record_id, body, sync_id, outcome
           from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[])
             as written (tenant_id, model, record_id, body, sync_id, outcome)
           where exists (select from tenants where id = written.tenant_id)
           order by sync_id
           on conflict (sync_id, outcome) where sync_id is not null do update set body = excluded.body`,
    values: [
      rows.map((row) => row.tenantId),
      rows.map((row) => row.model),
      rows.map((row) => row.recordId),
      rows.map(body),
      rows.map((row) => row.syncId),
      rows.map((row) => row.outcome),
    ],
  });
}

function body({ outcome, integrationName, eventType, explanation }: SyncOutcome): string {
  if (outcome === 'synced') return `✓ ${integrationName} received ${eventType}`;
  const text = `✗ ${integrationName} did not receive ${eventType}${explanation ? `: ${explanation}` : ''}`;
  return text.replaceAll('\u0000', '').slice(0, BODY_LIMIT);
}
