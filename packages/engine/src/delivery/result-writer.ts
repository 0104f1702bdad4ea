import type { Clock } from '../clock.ts';
import type { Pool } from '../database.ts';
import { isDatabaseTrouble } from '../database-trouble.ts';
import { parkIntegration } from '../integrations/park.ts';
import type { Logger } from '../logger.ts';
import type { Tried } from './attempt.ts';
import { HealthTally } from './health.ts';
import { Unwritten } from './unwritten.ts';
import { type WriteOutcomes, writeBack } from './write-back.ts';

export interface ResultWriterOptions {
  pool: Pool;
  worker: number;
  clock: Clock;
  logger: Logger;
  writeOutcomes: WriteOutcomes | null;
  /** Told after each batch. `parked` names integrations that were paused because of what they answered. */
  onWritten(written: readonly Tried[], found: { wokeLanes: boolean; parked: readonly number[] }): void;
}

export interface ResultWriter {
  readonly unwritten: Unwritten;
  add(tried: Tried): void;
  /** Resolves when all is written, or the writer was told to stop. */
  idle(): Promise<void>;
  /** Gives up what is not written: its leases run out, and it is tried again. */
  stop(): Promise<void>;
}

const ERROR_PAUSE_MS = 1_000;
const KEPT_EXPLANATION = 1_000;

/**
 * Writes finished tries back in batches, one batch at a time; while one is written the next one gathers.
 *
 * A batch that fails while the database is well holds something that the database does not take: then
 * each try is written by itself, and one that fails again is written without its calls and without the
 * host's note. What fails even so is given up and tried again when its lease has run out. So a poison row costs
 * itself, never the others. While the database does not answer, or cannot write to anybody's rows (a full disk),
 * everything is kept and asked again: given up, it would be delivered again and again for as long as that lasts.
 */
export function createResultWriter(options: ResultWriterOptions): ResultWriter {
  const { pool, worker, clock, logger, onWritten } = options;
  const unwritten = new Unwritten();
  const health = new HealthTally();
  let writing: Promise<void> | null = null;
  let stopped = false;
  let stop = () => {};
  const stopping = new Promise<void>((resolve) => {
    stop = resolve;
  });

  return {
    unwritten,
    add(tried) {
      unwritten.add(tried);
      writing ??= write();
    },
    async idle() {
      await Promise.race([writing, stopping]);
    },
    async stop() {
      stopped = true;
      stop();
      await writeHealth();
    },
  };

  async function write(): Promise<void> {
    await new Promise(setImmediate);
    let isRepeat = false;
    while (unwritten.length > 0 && !stopped) {
      const batch = unwritten.batch();
      try {
        await writeBatch(batch, isRepeat);
        isRepeat = false;
      } catch (error) {
        logger.error({ err: error, tries: unwritten.length }, 'could not write results back');
        if (await isRefusal(error)) {
          isRepeat = !(await writeOneByOne(batch));
        } else {
          isRepeat = true;
        }
        if (isRepeat) await pauseOrStop();
      }
      await writeHealth();
    }
    writing = null;
  }

  async function writeBatch(batch: Tried[], isRepeat: boolean): Promise<void> {
    // before the results: what comes back pending must not be claimed again at once
    const parked = await park(batch);
    const { wokeLanes } = await writeBack(pool, batch, {
      worker,
      now: clock.forStatement(),
      writeOutcomes: options.writeOutcomes,
      isRepeat,
    });
    done(batch, wokeLanes, parked);
  }

  /** False when the database is in trouble meanwhile: the rest of the batch stays. */
  async function writeOneByOne(batch: Tried[]): Promise<boolean> {
    for (const tried of batch) {
      try {
        await writeBatch([tried], true);
      } catch (error) {
        if (!(await isRefusal(error))) return false;
        logger.error(
          { err: error, sync: tried.sync.id, integration: tried.integration.id },
          'a try cannot be stored as it is; storing it without its calls',
        );
        if (!(await writeMinimally(tried))) return false;
      }
      if (stopped) return true;
    }
    return true;
  }

  async function writeMinimally(tried: Tried): Promise<boolean> {
    const { step } = tried;
    const explanation = step.explanation?.replaceAll('\0', '').slice(0, KEPT_EXPLANATION) ?? null;
    const minimal: Tried = { ...tried, calls: [], step: { ...step, explanation } };
    try {
      const now = clock.forStatement();
      const { wokeLanes } = await writeBack(pool, [minimal], {
        worker,
        now,
        writeOutcomes: null,
        isRepeat: true,
      });
      done([tried], wokeLanes, []);
    } catch (error) {
      if (!(await isRefusal(error))) return false;
      logger.error({ err: error, sync: tried.sync.id }, 'a try cannot be stored; it will be made again');
      done([tried], false, []);
    }
    return true;
  }

  function done(batch: readonly Tried[], wokeLanes: boolean, parked: readonly number[]): void {
    unwritten.drop(batch.length);
    for (const tried of batch) health.add(tried);
    onWritten(batch, { wokeLanes, parked });
  }

  async function park(batch: Tried[]): Promise<number[]> {
    const refusing = new Map(
      batch.filter(({ step }) => step.pause).map((tried) => [tried.integration.id, tried]),
    );
    for (const { integration, step } of refusing.values()) {
      const reason = `${step.pause}: ${step.explanation}`;
      const isNew = await parkIntegration(pool, integration, reason, clock.forStatement());
      if (isNew)
        logger.warn({ integration: integration.id, reason: step.pause }, 'an integration was paused');
    }
    return [...refusing.keys()];
  }

  /** Whether the database is well and it is what we wrote that it does not take. */
  async function isRefusal(error: unknown): Promise<boolean> {
    if (isDatabaseTrouble(error)) return false;
    try {
      await pool.query({ text: 'select 1' });
      return true;
    } catch {
      return false;
    }
  }

  async function writeHealth(): Promise<void> {
    try {
      await health.write(pool, clock.forStatement());
    } catch (error) {
      logger.error({ err: error }, 'could not write how integrations fare');
    }
  }

  async function pauseOrStop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const pause = new Promise((resolve) => {
      timer = setTimeout(resolve, ERROR_PAUSE_MS);
    });
    await Promise.race([pause, stopping]);
    clearTimeout(timer);
  }
}
