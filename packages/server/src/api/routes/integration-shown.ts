import type { Integration, RetryPolicy, SecretInfo } from '@signalbox/engine';
import { z } from 'zod';
import { shownTime, showTime } from '../fields.ts';

const secretInfo = z
  .object({ has_value: z.literal(true), last_four: z.string(), set_at: shownTime })
  .describe('A secret is never shown, only that there is one.');

export const shownIntegration = z.object({
  id: z.int(),
  name: z.string(),
  connector: z.string(),
  event_types: z.array(z.string()),
  url: z.string().nullable(),
  headers: z.record(z.string(), secretInfo),
  auth: z.object({
    type: z.enum(['none', 'header', 'basic', 'bearer']),
    name: z.string().optional(),
    username: z.string().optional(),
    secret: secretInfo.optional(),
  }),
  signing: z.object({
    type: z.enum(['none', 'standard-webhooks', 'hub-sha256']),
    secrets: z.array(secretInfo),
  }),
  filter: z.unknown(),
  template: z.unknown(),
  retry_policy: z.record(z.string(), z.unknown()),
  rate_limit: z.number().nullable(),
  concurrency: z.int(),
  ordering: z.enum(['record', 'none']),
  coalesce: z.boolean(),
  notes: z.enum(['all', 'failures', 'none']),
  is_active: z.boolean(),
  status: z
    .enum(['active', 'paused', 'off'])
    .describe('paused: events queue up and are kept. off: events are not queued.'),
  paused_at: shownTime.nullable(),
  pause_reason: z.string().nullable(),
  warnings: z.array(z.string()).describe('What works but is probably not meant.'),
  settings: z.record(z.string(), z.unknown()),
  health: z.object({
    last_success_at: shownTime.nullable(),
    last_failure_at: shownTime.nullable(),
    last_error: z.string().nullable(),
    failing_since: shownTime.nullable(),
    consecutive_failures: z.int(),
  }),
  created_at: shownTime,
  updated_at: shownTime,
});

export function showIntegration(integration: Integration) {
  const { auth, signing, health } = integration;
  return {
    id: integration.id,
    name: integration.name,
    connector: integration.connector,
    event_types: integration.eventTypes,
    url: integration.url,
    headers: Object.fromEntries(
      Object.entries(integration.headers).map(([name, info]) => [name, showSecret(info)]),
    ),
    auth: { ...auth, secret: auth.secret && showSecret(auth.secret) },
    signing: { type: signing.type, secrets: signing.secrets.map(showSecret) },
    filter: integration.filter ?? null,
    template: integration.template ?? null,
    retry_policy: showRetryPolicy(integration.retryPolicy),
    rate_limit: integration.rateLimit,
    concurrency: integration.concurrency,
    ordering: integration.ordering,
    coalesce: integration.coalesce,
    notes: integration.notes,
    is_active: integration.isActive,
    status: statusOf(integration),
    paused_at: showTime(integration.pausedAt),
    pause_reason: integration.pauseReason,
    warnings: integration.warnings,
    settings: integration.settings,
    health: {
      last_success_at: showTime(health.lastSuccessAt),
      last_failure_at: showTime(health.lastFailureAt),
      last_error: health.lastError,
      failing_since: showTime(health.failingSince),
      consecutive_failures: health.consecutiveFailures,
    },
    created_at: showTime(integration.createdAt),
    updated_at: showTime(integration.updatedAt),
  };
}

function statusOf({ isActive, pausedAt }: Integration): 'active' | 'paused' | 'off' {
  if (!isActive) return 'off';
  return pausedAt ? 'paused' : 'active';
}

function showSecret({ lastFour, setAt }: SecretInfo) {
  return { has_value: true as const, last_four: lastFour, set_at: showTime(setAt) };
}

function showRetryPolicy(policy: RetryPolicy): Record<string, unknown> {
  if ('preset' in policy) return policy;
  const jitter = policy.jitter === undefined ? {} : { jitter: policy.jitter };
  if (policy.type === 'schedule') {
    return { type: 'schedule', delays_seconds: policy.delaysMs.map(seconds), ...jitter };
  }
  return {
    type: 'exponential',
    base_seconds: seconds(policy.baseMs),
    factor: policy.factor,
    cap_seconds: seconds(policy.capMs),
    max_attempts: policy.maxAttempts,
    ...jitter,
  };
}

const seconds = (milliseconds: number) => milliseconds / 1000;
