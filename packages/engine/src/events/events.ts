import type { Pool } from '../database.ts';
import type { Events, StoredEvent } from '../engine-api.ts';
import { Conditions, readPage, toPage } from '../paging.ts';
import { rows } from '../sql.ts';

interface EventRow {
  id: string;
  sequence: number;
  tenant_id: string;
  event_type: string;
  model: string;
  record_id: string;
  payload: string;
  occurred_at: Date;
}

const COLUMNS = 'id, sequence, tenant_id, event_type, model, record_id, payload, occurred_at';

export function createEvents(pool: Pool): Events {
  return {
    async list(tenantId, filter, page) {
      const { limit, before } = readPage(page);
      const conditions = new Conditions()
        .equal('tenant_id', tenantId)
        .equal('event_type', filter.eventType)
        .equal('model', filter.model)
        .equal('record_id', filter.recordId)
        .add((p) => `sequence < ${p}`, before);
      const found = await rows<EventRow>(
        pool,
        `select ${COLUMNS} from integration_events where ${conditions.where} order by sequence desc limit ${limit + 1}`,
        conditions.values,
      );
      return toPage(found, limit, (row) => row.sequence, toEvent);
    },

    async get(tenantId, id) {
      const [row] = await rows<EventRow>(
        pool,
        `select ${COLUMNS} from integration_events where tenant_id = $1 and id = $2`,
        [tenantId, id],
      );
      return row ? toEvent(row) : null;
    },
  };
}

function toEvent(row: EventRow): StoredEvent {
  return {
    id: row.id,
    sequence: row.sequence,
    tenantId: row.tenant_id,
    eventType: row.event_type,
    model: row.model,
    recordId: row.record_id,
    payload: row.payload,
    occurredAt: row.occurred_at,
  };
}
