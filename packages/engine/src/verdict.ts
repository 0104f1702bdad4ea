/**
 * What a connector says of one delivery. Connectors report, the engine decides (retry/decide.ts).
 *
 * - `delivered`     the destination has it
 * - `retry`         it may work later; `afterMs` is a lower bound (from Retry-After)
 * - `rejected`      it will never work as it is: a bad template, a 4xx that will not change
 * - `unauthorized`  credentials are refused: the integration is parked until a person mends them
 * - `gone`          the destination is gone for good (410): the integration is disabled
 * - `held`          the destination exists but is switched off (n8n inactive): kept, asked again later
 * - `ambiguous`     it may have happened (a create that timed out): tried again, flagged
 */
export type Verdict =
  | { kind: 'delivered'; externalId?: string; note?: string }
  | { kind: 'retry'; explanation: string; afterMs?: number }
  | { kind: 'rejected'; explanation: string }
  | { kind: 'unauthorized'; explanation: string }
  | { kind: 'gone'; explanation: string }
  | { kind: 'held'; explanation: string; afterMs?: number }
  | { kind: 'ambiguous'; explanation: string; afterMs?: number };

export type VerdictKind = Verdict['kind'];

const KINDS: ReadonlySet<unknown> = new Set<VerdictKind>([
  'delivered',
  'retry',
  'rejected',
  'unauthorized',
  'gone',
  'held',
  'ambiguous',
]);

/** Connectors are other people's code: what they return is looked at before it is believed. */
export function isVerdict(value: unknown): value is Verdict {
  return typeof value === 'object' && value !== null && KINDS.has((value as { kind?: unknown }).kind);
}
