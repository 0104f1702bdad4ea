import type { Auth, Signing } from '../connector.ts';
import type { RetryPolicy } from '../retry/policy.ts';

/** What a tenant may set. Secret values come in clear here and are sealed before they are stored. */
export interface IntegrationInput {
  name: string;
  connector: string;
  eventTypes: string[];
  url: string | null;
  headers: Record<string, string>;
  auth: Auth;
  signing: SigningInput;
  filter: unknown;
  template: unknown;
  retryPolicy: RetryPolicy;
  /** At most this many calls a second; null: no limit. */
  rateLimit: number | null;
  /** Calls at once, 1–1000. */
  concurrency: number;
  ordering: 'record' | 'none';
  /** Latest state only: a queued update is superseded by a later one of the same record. */
  coalesce: boolean;
  notes: 'all' | 'failures' | 'none';
  isActive: boolean;
  settings: Record<string, unknown>;
}

/** Without `secret` one is generated, and returned once by `create`. */
export type SigningInput = { type: 'none' } | { type: Exclude<Signing['type'], 'none'>; secret?: string };

/** An integration as it may be shown: no secret value, only that there is one. */
export interface Integration {
  id: number;
  tenantId: string;
  name: string;
  connector: string;
  eventTypes: string[];
  url: string | null;
  headers: Record<string, SecretInfo>;
  /** The type and the public parts; secret parts as {@link SecretInfo}. */
  auth: { type: Auth['type']; name?: string; username?: string; secret?: SecretInfo };
  signing: { type: Signing['type']; secrets: SecretInfo[] };
  filter: unknown;
  template: unknown;
  retryPolicy: RetryPolicy;
  rateLimit: number | null;
  concurrency: number;
  ordering: 'record' | 'none';
  coalesce: boolean;
  notes: 'all' | 'failures' | 'none';
  isActive: boolean;
  pausedAt: Date | null;
  pauseReason: string | null;
  /** What works but is probably not meant, in plain words. */
  warnings: string[];
  settings: Record<string, unknown>;
  health: IntegrationHealth;
  createdAt: Date;
  updatedAt: Date;
}

export interface SecretInfo {
  hasValue: true;
  lastFour: string;
  setAt: Date;
}

export interface IntegrationHealth {
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  lastError: string | null;
  failingSince: Date | null;
  consecutiveFailures: number;
}
