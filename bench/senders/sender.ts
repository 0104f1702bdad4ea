import { type Remote, startRemote } from '../lib/remote.ts';
import type { StatementTiming } from '../lib/timed-pool.ts';
import type { SenderHandlers } from './sender-process.ts';

/** How a peer writes its results: many jobs in one statement, or three statements a job. */
export type Writing = 'batched' | 'simple';

export type SenderSettings = RawSettings | SignalboxSettings | BullmqSettings | PgBossSettings;

/** `undici.request` and nothing else. */
export interface RawSettings {
  kind: 'raw';
  url: string;
  body: string;
  requests: number;
}

export interface SignalboxSettings {
  kind: 'signalbox';
  databaseUrl: string;
  concurrency: number;
  scheduler?: boolean;
  /** Measures its statements. */
  timed?: boolean;
}

export interface BullmqSettings {
  kind: 'bullmq';
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  concurrency: number;
  writing: Writing;
}

export interface PgBossSettings {
  kind: 'pg-boss';
  databaseUrl: string;
  concurrency: number;
  writing: Writing;
}

/** A sender at work, inside its process. */
export interface Running {
  stop(): Promise<void>;
  timings?(): [name: string, timing: StatementTiming][];
}

/** A process that becomes one sender after the other; kept over the rounds, so that its code is warm. */
export type SenderProcess = Remote<SenderHandlers>;

export function startSenderProcess(): Promise<SenderProcess> {
  return startRemote<SenderHandlers>(new URL('./sender-process.ts', import.meta.url));
}
