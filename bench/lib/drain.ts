import type { SenderProcess, SenderSettings } from '../senders/sender.ts';
import type { Context, Database } from './context.ts';
import { count } from './fixtures.ts';
import type { Sample } from './measure.ts';
import { ArrivalError } from './sink.ts';
import { until, within } from './within.ts';

const LONGEST_S = 180;

export interface Drain {
  what: string;
  senders: readonly SenderProcess[];
  settings: readonly SenderSettings[];
  /** Deliveries to wait for. */
  deliveries: number;
  latencyMs?: number;
  /** Whether every result is durable. */
  isRecorded?: () => Promise<boolean>;
}

/**
 * From the start of the senders until everything has arrived and is recorded. Then they are stopped, and
 * the receiver must have seen every delivery exactly once.
 */
export async function drain(context: Context, options: Drain): Promise<Sample> {
  const { what, senders, settings, deliveries, latencyMs, isRecorded } = options;
  const { sink, meter } = context;
  await sink.reset({ latencyMs });
  const pids = senders.map((sender) => sender.pid);
  const sample = await meter.measure(pids, async () => {
    const started = senders.map((sender, index) => sender.call('start', settings[index]!));
    const arrived = Promise.all([...started, sink.reached(deliveries)]);
    await within(LONGEST_S, `${what} to deliver everything`, arrived);
    if (isRecorded) await within(LONGEST_S, `${what} to record everything`, until(5, isRecorded));
  });
  await Promise.all(senders.map((sender) => sender.call('stop')));
  await sink.expectExactly(deliveries, what);
  return sample;
}

/** Ours: nothing pending that is due. */
export function nothingPending({ pool }: Database): () => Promise<boolean> {
  return async () => {
    const { rows } = await pool.query<{ none: boolean }>(
      `select not exists (select from integration_syncs where status = 'pending')
         and not exists (select from integration_changes) as none`,
    );
    return rows[0]!.none;
  };
}

/** Every sync synced, with one attempt that says so. */
export async function expectRecorded({ pool }: Database, expected: number, what: string): Promise<void> {
  const synced = await count(pool, `integration_syncs where status = 'synced' and attempts = 1`);
  const attempts = await count(pool, `integration_attempts where verdict = 'delivered'`);
  if (synced !== expected || attempts !== expected) {
    throw new ArrivalError(
      `${what}: expected ${expected} syncs with an attempt each, got ${synced} synced and ${attempts} attempts`,
    );
  }
}
