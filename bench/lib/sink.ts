import { startRemote } from './remote.ts';
import type { SinkHandlers, SinkReport } from './sink-process.ts';

/** The receiver, as the suites use it. */
export interface Sink {
  readonly pid: number;
  /** Ten origins that answer alike. */
  origins: string[];
  /** Accepts connections and never answers. */
  deadOrigin: string;
  reset(options?: { latencyMs?: number }): Promise<void>;
  reached(distinct: number): Promise<void>;
  report(): Promise<SinkReport>;
  arrivals(): Promise<[id: string, atMs: number][]>;
  /** Rejects unless exactly `count` ids arrived, each once. */
  expectExactly(count: number, what: string): Promise<void>;
  close(): Promise<void>;
}

/** What arrived is not what was sent. No figure of such a run counts. */
export class ArrivalError extends Error {}

export async function startSink(): Promise<Sink> {
  const remote = await startRemote<SinkHandlers>(new URL('./sink-process.ts', import.meta.url));
  const { ports, dead } = await remote.call('ports');
  return {
    pid: remote.pid,
    origins: ports.map((port) => `http://127.0.0.1:${port}`),
    deadOrigin: `http://127.0.0.1:${dead}`,
    reset: ({ latencyMs = 0 } = {}) => remote.call('reset', { latencyMs }),
    reached: (distinct) => remote.call('reached', distinct),
    report: () => remote.call('report'),
    arrivals: () => remote.call('arrivals'),
    async expectExactly(count, what) {
      const { total, distinct } = await remote.call('report');
      if (total !== count || distinct !== count) {
        throw new ArrivalError(
          `${what}: expected ${count} deliveries, each once; the receiver saw ${total} requests with ${distinct} different ids`,
        );
      }
    },
    close: () => remote.close(),
  };
}
