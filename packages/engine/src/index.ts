export { createCatalogue } from './catalogue.ts';
export type { Retention } from './chores/chores.ts';
export { type Clock, createManualClock, type ManualClock, systemClock } from './clock.ts';
export * from './connector.ts';
export * from './database.ts';
export type { Outcome, WriteOutcomes } from './delivery/write-back.ts';
export { didYouMean, suggest } from './did-you-mean.ts';
export type { TenantInfo } from './dispatch/dispatch.ts';
export type { Filter } from './dispatch/subscriptions.ts';
export { createEngine, type EngineOptions } from './engine.ts';
export type * from './engine-api.ts';
export {
  createHttpClient,
  defaultTimeoutMs,
  type HttpClientOptions,
  type OwnedHttpClient,
} from './http/client.ts';
export type { Lookup, ResolvedAddress } from './http/connector.ts';
export { type CheckedUrl, createGuard, type Guard, type GuardOptions } from './http/guard.ts';
export type * from './http/types.ts';
export { generateSigningSecret } from './integrations/configuration.ts';
export type * from './integrations/types.ts';
export type { Logger } from './logger.ts';
export { pendingMigrations, runMigrations } from './migrate.ts';
export { CursorError } from './paging.ts';
export { REASONS } from './reasons.ts';
export { maxAttempts, type RetryPolicy, retryDelayMs, STANDARD_DELAYS_MS } from './retry/policy.ts';
export { createKeyRing, type KeyRing } from './secrets/key-ring.ts';
export * from './trigger.ts';
export type * from './verdict.ts';
export type { WakeKind } from './wakeups.ts';
