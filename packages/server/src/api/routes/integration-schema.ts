import type { IntegrationInput } from '@signalbox/engine';
import { z } from 'zod';
import { maximumOf, requiredText } from '../fields.ts';

/** An integration as it comes in. What a connector needs of it is the connector's to say. */

const secret = z.string().min(1).max(4096);

const auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('header'), name: requiredText(200), value: secret }),
  z.strictObject({
    type: z.literal('basic'),
    username: z.string().max(1024),
    password: z.string().max(4096),
  }),
  z.strictObject({ type: z.literal('bearer'), token: secret }),
]);

const signing = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('standard-webhooks'), secret: secret.optional() }),
  z.strictObject({ type: z.literal('hub-sha256'), secret: secret.optional() }),
]);

const DAY = 86_400;
const jitter = z
  .number()
  .min(0)
  .max(1)
  .optional()
  .describe('The share by which a wait may grow. Default 0.1.');

const retryPolicy = z
  .union([
    z.strictObject({ preset: z.enum(['standard', 'original']) }),
    z.strictObject({
      type: z.literal('exponential'),
      base_seconds: z.number().min(0).max(DAY),
      factor: z.number().min(1).max(10),
      cap_seconds: z
        .number()
        .min(0)
        .max(7 * DAY),
      max_attempts: z.int().min(1).max(20),
      jitter,
    }),
    z.strictObject({
      type: z.literal('schedule'),
      delays_seconds: z
        .array(
          z
            .number()
            .min(0)
            .max(7 * DAY),
        )
        .max(19),
      jitter,
    }),
  ])
  .describe('A preset, exponential waits, or a listed schedule.');

const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/, 'must be the name of an HTTP header'),
    z
      .string()
      .max(4096)
      .regex(/^[^\r\n]*$/, 'must be one line'),
  )
  .describe('Sent with every call. Values are write-only.');

export const integrationFields = z.object({
  name: requiredText(maximumOf.name),
  connector: requiredText(maximumOf.line),
  event_types: z.array(requiredText(200)).min(1).max(100),
  url: z.string().max(4096).nullable().optional(),
  headers: headers.optional(),
  auth: auth.optional(),
  signing: signing.optional(),
  filter: z.unknown().optional(),
  template: z.unknown().optional(),
  retry_policy: retryPolicy.optional(),
  rate_limit: z.number().gt(0).max(10_000).nullable().optional().describe('Calls a second; null: no limit.'),
  concurrency: z.int().min(1).max(1000).optional(),
  ordering: z.enum(['record', 'none']).optional(),
  coalesce: z.boolean().optional(),
  notes: z.enum(['all', 'failures', 'none']).optional(),
  is_active: z.boolean().optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
});

export type IntegrationBody = z.infer<typeof integrationFields>;

/** Snake case to the engine's camel case; what is absent stays absent. */
export function toInput(body: Partial<IntegrationBody>): Partial<IntegrationInput> {
  const { event_types, retry_policy, rate_limit, is_active, ...same } = body;
  const input = {
    ...same,
    eventTypes: event_types && [...new Set(event_types)],
    retryPolicy: retry_policy && toRetryPolicy(retry_policy),
    rateLimit: rate_limit,
    isActive: is_active,
  };
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function toRetryPolicy(policy: z.infer<typeof retryPolicy>): IntegrationInput['retryPolicy'] {
  if ('preset' in policy) return policy;
  const grown = policy.jitter === undefined ? {} : { jitter: policy.jitter };
  if (policy.type === 'schedule') {
    return { type: 'schedule', delaysMs: policy.delays_seconds.map(milliseconds), ...grown };
  }
  return {
    type: 'exponential',
    baseMs: milliseconds(policy.base_seconds),
    factor: policy.factor,
    capMs: milliseconds(policy.cap_seconds),
    maxAttempts: policy.max_attempts,
    ...grown,
  };
}

const milliseconds = (seconds: number) => Math.round(seconds * 1000);
