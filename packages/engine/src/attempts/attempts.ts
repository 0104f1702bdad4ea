import type { Pool } from '../database.ts';
import type { Attempt, Attempts, RecordedCall } from '../engine-api.ts';
import { Conditions, readPage, toPage } from '../paging.ts';
import { rows } from '../sql.ts';

interface AttemptRow {
  id: number;
  sync_id: number;
  integration_id: number;
  number: number;
  started_at: Date;
  duration_ms: number;
  verdict: Attempt['verdict'];
  explanation: string | null;
  calls: RecordedCall[];
}

const COLUMNS = 'id, sync_id, integration_id, number, started_at, duration_ms, verdict, explanation, calls';

export function createAttempts(pool: Pool): Attempts {
  return {
    async list(tenantId, filter, page) {
      const { limit, before } = readPage(page);
      const conditions = new Conditions()
        .equal('tenant_id', tenantId)
        .equal('sync_id', filter.syncId)
        .equal('integration_id', filter.integrationId)
        .equal('verdict', filter.verdict)
        .add((p) => `id < ${p}`, before);
      const found = await rows<AttemptRow>(
        pool,
        `select ${COLUMNS} from integration_attempts where ${conditions.where} order by id desc limit ${limit + 1}`,
        conditions.values,
      );
      return toPage(found, limit, (row) => row.id, toAttempt);
    },

    async get(tenantId, id) {
      const [row] = await rows<AttemptRow>(
        pool,
        `select ${COLUMNS} from integration_attempts where tenant_id = $1 and id = $2`,
        [tenantId, id],
      );
      return row ? toAttempt(row) : null;
    },
  };
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.id,
    syncId: row.sync_id,
    integrationId: row.integration_id,
    number: row.number,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    verdict: row.verdict,
    explanation: row.explanation,
    calls: row.calls,
  };
}
