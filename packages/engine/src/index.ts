export * from './connector.ts';
export * from './database.ts';
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
export type * from './integrations/types.ts';
export type { RetryPolicy } from './retry/policy.ts';
export * from './trigger.ts';
export type * from './verdict.ts';
