import { ConfigurationError, type Connector } from '../connector.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Catalogue } from '../engine-api.ts';
import { maxAttempts, type RetryPolicy } from '../retry/policy.ts';

/** Longest wait of a policy: a week. Beyond, a receiver's outage is a person's matter. */
const MAX_DELAY_MS = 7 * 24 * 60 * 60 * 1_000;
const MAX_ATTEMPTS = 50;

const PRESETS: readonly string[] = ['standard', 'original'];
const TYPES: readonly string[] = ['exponential', 'schedule'];

export function requireConnector(connectors: ReadonlyMap<string, Connector>, name: string): Connector {
  const connector = connectors.get(name);
  if (connector) return connector;
  const known = [...connectors.keys()];
  throw new ConfigurationError('connector', oneOf(known, name));
}

export function checkEventTypes(catalogue: Catalogue, eventTypes: string[]): void {
  if (eventTypes.length === 0)
    throw new ConfigurationError('event_types', 'must name at least one event type');
  const known = catalogue.eventTypes.map((type) => type.name);
  for (const [index, name] of eventTypes.entries()) {
    if (known.includes(name)) continue;
    throw new ConfigurationError(
      `event_types.${index}`,
      `"${name}" is no event type.${didYouMean(name, known)} The event types are ${known.join(', ')}`,
    );
  }
}

/** Throws naming the field; a policy that passes ends: every delay and the number of tries are bounded. */
export function checkRetryPolicy(policy: RetryPolicy): void {
  const refuse = (field: string, message: string) => {
    throw new ConfigurationError(`retry_policy.${field}`, message);
  };
  // what is unknown would be taken for another one, with delays that are no numbers
  if ('preset' in policy) {
    if (!PRESETS.includes(policy.preset)) refuse('preset', oneOf(PRESETS, policy.preset));
    return;
  }
  if (!TYPES.includes(policy.type)) refuse('type', oneOf(TYPES, policy.type));
  const { jitter } = policy;
  if (jitter !== undefined && !(jitter >= 0 && jitter <= 1))
    refuse('jitter', `must be from 0 to 1, got ${jitter}`);
  const tries = maxAttempts(policy);
  if (!Number.isInteger(tries) || tries < 1 || tries > MAX_ATTEMPTS) {
    refuse(
      policy.type === 'schedule' ? 'delays_seconds' : 'max_attempts',
      `must allow 1 to ${MAX_ATTEMPTS} tries, got ${tries}`,
    );
  }
  const delays = policy.type === 'schedule' ? policy.delaysMs : [policy.baseMs, policy.capMs];
  const field = policy.type === 'schedule' ? 'delays_seconds' : 'base_seconds';
  for (const delay of delays) {
    if (!(delay >= 0 && delay <= MAX_DELAY_MS)) {
      refuse(field, `must be from 0 to ${MAX_DELAY_MS / 1_000} seconds, got ${delay / 1_000}`);
    }
  }
  if (policy.type === 'exponential' && !(policy.factor >= 1 && policy.factor <= 10)) {
    refuse('factor', `must be from 1 to 10, got ${policy.factor}`);
  }
}

function oneOf(known: readonly string[], given: string): string {
  return `must be one of ${known.join(', ')}; got "${given}".${didYouMean(given, known)}`;
}
