import type { Queryable, Transaction } from '../database.ts';
import type { Listed, Page } from '../engine-api.ts';
import { Conditions, readPage, toPage } from '../paging.ts';
import { rows } from '../sql.ts';
import type { IntegrationRow } from './load.ts';
import { type SecretsInfo, toSecretInfo } from './secrets.ts';
import type { Integration } from './types.ts';

/** A row with all that may be shown of it. */
export interface FullRow extends IntegrationRow {
  warnings: string[];
  event_types: string[];
  secrets_info: SecretsInfo;
  filter: unknown;
  ordering: Integration['ordering'];
  coalesce: boolean;
  is_active: boolean;
  paused_at: Date | null;
  pause_reason: string | null;
  created_at: Date;
  updated_at: Date;
  last_success_at: Date | null;
  last_failure_at: Date | null;
  health_error: string | null;
  failing_since: Date | null;
  consecutive_failures: number | null;
}

const SELECT = `
  select i.id, i.tenant_id, i.name, i.version, i.connector, i.event_types, i.url, i.auth, i.signing, i.secrets,
    i.secrets_info, i.filter, i.template, i.settings, i.retry_policy, i.rate_limit, i.concurrency, i.ordering,
    i.coalesce, i.notes, i.warnings, i.is_active, i.paused_at, i.pause_reason, i.created_at, i.updated_at,
    h.last_success_at, h.last_failure_at, h.last_error as health_error, h.failing_since, h.consecutive_failures
  from tenant_integrations i left join integration_health h on h.integration_id = i.id`;

export async function listRows(
  db: Queryable,
  tenantId: string,
  filter: { connector?: string; isActive?: boolean; url?: string },
  page: Page | undefined,
): Promise<Listed<Integration>> {
  const { limit, before } = readPage(page);
  const conditions = new Conditions()
    .equal('i.tenant_id', tenantId)
    .literally('i.deleted_at is null')
    .equal('i.connector', filter.connector)
    .equal('i.is_active', filter.isActive)
    .equal('i.url', filter.url)
    .add((p) => `i.id < ${p}`, before);
  const found = await rows<FullRow>(
    db,
    `${SELECT} where ${conditions.where} order by i.id desc limit ${limit + 1}`,
    conditions.values,
  );
  return toPage(found, limit, (row) => row.id, toIntegration);
}

export async function findRow(db: Queryable, tenantId: string, id: number): Promise<FullRow | null> {
  const [row] = await rows<FullRow>(
    db,
    `${SELECT} where i.tenant_id = $1 and i.id = $2 and i.deleted_at is null`,
    [tenantId, id],
  );
  return row ?? null;
}

/** The same, kept from others until the transaction ends. */
export async function lockRow(tx: Transaction, tenantId: string, id: number): Promise<FullRow | null> {
  const [row] = await rows<FullRow>(
    tx,
    `${SELECT} where i.tenant_id = $1 and i.id = $2 and i.deleted_at is null for update of i`,
    [tenantId, id],
  );
  return row ?? null;
}

export async function nextId(tx: Transaction): Promise<number> {
  const [row] = await rows<{ id: number }>(
    tx,
    "select nextval(pg_get_serial_sequence('tenant_integrations', 'id')) as id",
  );
  return row!.id;
}

/** The columns that a tenant's configuration is kept in. */
export type StoredConfiguration = Pick<
  FullRow,
  | 'name'
  | 'connector'
  | 'event_types'
  | 'url'
  | 'auth'
  | 'signing'
  | 'secrets'
  | 'secrets_info'
  | 'filter'
  | 'template'
  | 'settings'
  | 'retry_policy'
  | 'rate_limit'
  | 'concurrency'
  | 'ordering'
  | 'coalesce'
  | 'notes'
  | 'warnings'
  | 'is_active'
>;

const STORED = [
  'name',
  'connector',
  'event_types',
  'url',
  'auth',
  'signing',
  'secrets',
  'secrets_info',
  'filter',
  'template',
  'settings',
  'retry_policy',
  'rate_limit',
  'concurrency',
  'ordering',
  'coalesce',
  'notes',
  'warnings',
  'is_active',
] as const satisfies (keyof StoredConfiguration)[];

const JSON_COLUMNS = new Set<string>([
  'auth',
  'signing',
  'secrets_info',
  'filter',
  'template',
  'settings',
  'retry_policy',
  'rate_limit',
]);

export async function insertRow(
  tx: Transaction,
  tenantId: string,
  id: number,
  stored: StoredConfiguration,
  now: Date | null,
): Promise<void> {
  const values = STORED.map((column) => toColumn(column, stored[column]));
  await tx.query({
    text: `insert into tenant_integrations (tenant_id, id, created_at, updated_at, ${STORED.join(', ')})
           overriding system value
           select $1, $2, n.at, n.at, ${STORED.map((_, index) => `$${index + 4}`).join(', ')}
           from (select coalesce($3::timestamptz, now()) as at) n`,
    values: [tenantId, id, now, ...values],
  });
}

export async function updateRow(
  tx: Transaction,
  id: number,
  stored: StoredConfiguration,
  now: Date | null,
): Promise<void> {
  const values = STORED.map((column) => toColumn(column, stored[column]));
  await tx.query({
    text: `update tenant_integrations set version = version + 1, updated_at = coalesce($2::timestamptz, now()),
             ${STORED.map((column, index) => `${column} = $${index + 3}`).join(', ')}
           where id = $1`,
    values: [id, now, ...values],
  });
}

function toColumn(column: string, value: unknown): unknown {
  return JSON_COLUMNS.has(column) && value !== null ? JSON.stringify(value) : value;
}

export function toIntegration(row: FullRow): Integration {
  const info = row.secrets_info;
  const headers = Object.keys(info).filter((field) => field.startsWith('headers.'));
  const signing = Object.keys(info).filter((field) => field.startsWith('signing.'));
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    connector: row.connector,
    eventTypes: row.event_types,
    url: row.url,
    headers: Object.fromEntries(
      headers.map((field) => [field.slice('headers.'.length), toSecretInfo(info[field])]),
    ),
    auth: { ...row.auth, ...(info.auth && { secret: toSecretInfo(info.auth) }) },
    signing: { type: row.signing.type, secrets: signing.map((field) => toSecretInfo(info[field])) },
    filter: row.filter,
    template: row.template,
    retryPolicy: row.retry_policy,
    rateLimit: row.rate_limit?.per_second ?? null,
    concurrency: row.concurrency,
    ordering: row.ordering,
    coalesce: row.coalesce,
    notes: row.notes,
    warnings: row.warnings,
    isActive: row.is_active,
    pausedAt: row.paused_at,
    pauseReason: row.pause_reason,
    settings: row.settings,
    health: {
      lastSuccessAt: row.last_success_at,
      lastFailureAt: row.last_failure_at,
      lastError: row.health_error,
      failingSince: row.failing_since,
      consecutiveFailures: row.consecutive_failures ?? 0,
    },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
