import pg from 'pg';
import { wireEngine } from '../lib/engine.ts';
import { timeStatements } from '../lib/timed-pool.ts';
import type { Running, SignalboxSettings } from './sender.ts';

const CONNECTIONS = 10;

/** The worker as `signalbox worker` runs it: dispatch, leases, signatures, verdicts, order, attempts, health. */
export async function startSignalbox(settings: SignalboxSettings): Promise<Running> {
  const { databaseUrl, concurrency, scheduler = false, timed = false } = settings;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  pool.on('error', () => {});
  const timings = timed ? timeStatements(pool) : undefined;
  const engine = wireEngine(pool);
  const running = engine.start({ worker: { concurrency }, scheduler });
  return {
    timings,
    async stop() {
      await running.stop();
      await engine.close();
      await pool.end();
    },
  };
}
