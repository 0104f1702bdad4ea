import type { Connector, HttpClient } from './connector.ts';
import type { Pool, Transaction } from './database.ts';
import type { HttpExchange, HttpRequest } from './http/types.ts';
import type { Integration, IntegrationInput } from './integrations/types.ts';
import type { TriggerDefinition } from './trigger.ts';
import type { VerdictKind } from './verdict.ts';
import type { WakeKind } from './wakeups.ts';

/** Everything the engine does, as its host sees it. Made by `createEngine`. */
export interface Engine {
  readonly pool: Pool;
  readonly catalogue: Catalogue;
  /** Every connector that integrations may name. */
  readonly connectors: readonly Connector[];
  /** The guarded way out, for everything else that calls a URL. */
  readonly http: HttpClient;
  /** Runs the engine's migrations; returns those that were new. Safe when several start at once. */
  migrate(): Promise<string[]>;
  /** Those that `migrate` would run. */
  pendingMigrations(): Promise<string[]>;
  /** Makes the database's capture triggers what the declarations say; run it after the host's migrations. */
  attach(): Promise<string[]>;
  /** What differs between the declared triggers and those in the database; empty when all is well. */
  drift(): Promise<TriggerDrift[]>;
  readonly integrations: Integrations;
  readonly syncs: Syncs;
  readonly events: Events;
  readonly attempts: Attempts;
  readonly workers: Workers;
  /** Raises a custom event in the caller's transaction. */
  emit(tx: Transaction, event: EmittedEvent): Promise<void>;
  /** Says who makes the changes of this transaction, and through which integration they came. */
  setContext(tx: Transaction, context: ChangeContext): Promise<void>;
  /** A hint after a commit: there may be something to dispatch (`changes`) or to deliver (`syncs`). Never required. */
  wake(what?: WakeKind): void;
  /** Starts the roles in this process. `stop` drains: no new claims, in-flight finishes. */
  start(roles: Roles): Running;
  readonly chores: Chores;
}

export interface Roles {
  worker?: { concurrency: number };
  scheduler?: boolean;
}

export interface Running {
  /** False when it cannot claim (database gone). */
  healthy(): boolean;
  stop(options?: { timeoutMs?: number }): Promise<void>;
}

export interface Catalogue {
  readonly triggers: readonly TriggerDefinition[];
  /** Every event type, in order of declaration. */
  readonly eventTypes: readonly EventType[];
  find(eventType: string): EventType | undefined;
  /** A full payload as a receiver would get it, from the trigger's sample. */
  sample(eventType: string, tenant: { id: unknown; name: string }): Record<string, unknown>;
  /** JSON Schema (2020-12) of the full payload. */
  schema(eventType: string): Record<string, unknown>;
}

export interface EventType {
  name: string;
  model: string;
  label: string;
  description: string;
  on: 'create' | 'update';
}

export interface Page {
  /** At most 200; default 50. */
  limit?: number;
  /** Opaque, from the page before. */
  cursor?: string;
}

export interface Listed<T> {
  data: T[];
  next: string | null;
}

/** Every call names its tenant; an id of another tenant is not found (null). */
export interface Integrations {
  list(
    tenantId: string,
    filter: { connector?: string; isActive?: boolean; url?: string },
    page?: Page,
  ): Promise<Listed<Integration>>;
  get(tenantId: string, id: number): Promise<Integration | null>;
  /** Throws ConfigurationError naming the field. `generatedSecret` is shown this once. */
  create(
    tenantId: string,
    input: Partial<IntegrationInput> & { name: string; connector: string; eventTypes: string[] },
  ): Promise<{ integration: Integration; generatedSecret: string | null }>;
  /** Absent keys stay; secret values given replace the old ones. */
  update(tenantId: string, id: number, input: Partial<IntegrationInput>): Promise<Integration | null>;
  /** Its waiting syncs are cancelled with reason `integration_deleted`; the audit stays. */
  remove(tenantId: string, id: number): Promise<boolean>;
  /** Nothing is lost: events queue up, parked. */
  pause(tenantId: string, id: number, reason?: string): Promise<Integration | null>;
  resume(tenantId: string, id: number): Promise<Integration | null>;
  /** A new signing secret; the old ones go on signing too until `overlapMs` has passed (default 24 h). */
  rotateSecret(
    tenantId: string,
    id: number,
    options?: { secret?: string; overlapMs?: number },
  ): Promise<{ integration: Integration; secret: string } | null>;
  /** Sends a sample event now, through the same path as deliveries; nothing is queued. */
  test(
    tenantId: string,
    id: number,
    options: { eventType?: string; tenantName: string },
  ): Promise<TestResult | null>;
  /** The same for a configuration that is not saved yet. */
  testInput(
    tenantId: string,
    input: Partial<IntegrationInput> & { connector: string; eventTypes: string[] },
    options: { eventType?: string; tenantName: string },
  ): Promise<TestResult>;
}

export interface TestResult {
  verdict: VerdictKind;
  explanation: string | null;
  externalId: string | null;
  durationMs: number;
  calls: RecordedCall[];
}

/** One HTTP call of an attempt; secret header values are redacted. */
export interface RecordedCall {
  request: Omit<HttpRequest, 'timeoutMs'>;
  exchange: HttpExchange;
}

export type SyncStatus = 'pending' | 'synced' | 'failed' | 'cancelled';

export interface Sync {
  id: number;
  tenantId: string;
  eventId: string;
  integrationId: number;
  eventType: string;
  model: string;
  recordId: string;
  status: SyncStatus;
  /** A code (see REASONS) or null while simply queued; `reasonText` is the sentence. */
  reason: string | null;
  reasonText: string | null;
  attempts: number;
  nextAttemptAt: Date | null;
  lastError: string | null;
  externalId: string | null;
  createdAt: Date;
  syncedAt: Date | null;
}

export interface SyncFilter {
  status?: SyncStatus;
  reason?: string;
  integrationId?: number;
  eventId?: string;
  eventType?: string;
  model?: string;
  recordId?: string;
  createdAfter?: Date;
  createdBefore?: Date;
}

export interface Syncs {
  /** Newest first. */
  list(tenantId: string, filter: SyncFilter, page?: Page): Promise<Listed<Sync>>;
  get(tenantId: string, id: number): Promise<(Sync & { payload: string }) | null>;
  /** Due now, with a new budget of tries; supersedes a waiting retry. Null: not found. */
  retry(tenantId: string, id: number): Promise<Sync | null>;
  /** Retries all that match (default: status failed). Returns how many. Across tenants when null. */
  retryMatching(tenantId: string | null, filter: SyncFilter): Promise<number>;
  /** Cancels all that wait. Returns how many. Across tenants when null. */
  cancelPending(tenantId: string | null, filter: SyncFilter, reason: string): Promise<number>;
  countPending(tenantId: string | null): Promise<number>;
}

export interface StoredEvent {
  id: string;
  sequence: number;
  tenantId: string;
  eventType: string;
  model: string;
  recordId: string;
  /** JSON text. */
  payload: string;
  occurredAt: Date;
}

export interface Events {
  list(
    tenantId: string,
    filter: { eventType?: string; model?: string; recordId?: string },
    page?: Page,
  ): Promise<Listed<StoredEvent>>;
  get(tenantId: string, id: string): Promise<StoredEvent | null>;
}

export interface Attempt {
  id: number;
  syncId: number;
  integrationId: number;
  number: number;
  startedAt: Date;
  durationMs: number;
  verdict: VerdictKind;
  explanation: string | null;
  calls: RecordedCall[];
}

export interface Attempts {
  list(
    tenantId: string,
    filter: { syncId?: number; integrationId?: number; verdict?: VerdictKind },
    page?: Page,
  ): Promise<Listed<Attempt>>;
  get(tenantId: string, id: number): Promise<Attempt | null>;
}

export interface EmittedEvent {
  tenantId: string;
  eventType: string;
  model: string;
  recordId: string;
  payload: Record<string, unknown>;
}

export interface ChangeContext {
  actor?: { type: 'user' | 'api_key' | 'system'; id: number | string; name: string };
  /** The integration whose API key made the change: the event does not go back to it. */
  originIntegrationId?: number;
  depth?: number;
}

export interface TriggerDrift {
  model: string;
  table: string;
  problem: string;
}

export interface WorkerInfo {
  id: number;
  roles: string[];
  host: string;
  pid: number;
  version: string;
  concurrency: number;
  startedAt: Date;
  seenAt: Date;
  alive: boolean;
  active: { syncId: number; integrationId: number; eventType: string; startedAt: string }[];
  stats: Record<string, number>;
}

export interface Workers {
  list(): Promise<WorkerInfo[]>;
  /** Pending syncs with a time to come: those that `inspect scheduled` shows. */
  scheduled(limit: number): Promise<Sync[]>;
  queue(): Promise<QueueStats>;
}

export interface QueueStats {
  undispatched: number;
  oldestUndispatchedAt: Date | null;
  pending: number;
  due: number;
  oldestDueAt: Date | null;
  failedLastDay: number;
  syncedLastDay: number;
}

/** Periodic work of which only one process does each. */
export interface HostChore {
  name: string;
  everyMs: number;
  run(): Promise<unknown>;
}

/** Periodic work, callable by hand; each says what it did. */
export interface Chores {
  /** Gives the syncs of dead workers back. */
  rescue(): Promise<number>;
  /** Retries failed syncs whose failure may have passed: all that ended `exhausted` in the last day, once. */
  retryFailedSyncs(): Promise<number>;
  /** Deletes what is older than the retention: successes (30 days) and failures (90 days). */
  cleanUp(): Promise<{ events: number; syncs: number; attempts: number }>;
}
