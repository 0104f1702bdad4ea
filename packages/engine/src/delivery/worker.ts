import type { Clock } from '../clock.ts';
import type { Connector, HttpClient } from '../connector.ts';
import type { Pool } from '../database.ts';
import { type Loaded, type LoadedIntegration, loadIntegrations } from '../integrations/load.ts';
import { parkIntegration } from '../integrations/park.ts';
import type { Logger } from '../logger.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { createWakeable } from '../wakeable.ts';
import { attempt, type Tried } from './attempt.ts';
import { type ClaimedSync, claimDue, releaseLeases, renewLeases } from './claim.ts';
import { HealthTally } from './health.ts';
import { IntegrationQueue } from './integration-queue.ts';
import { type WriteOutcomes, writeBack } from './write-back.ts';

export interface WorkerOptions {
  pool: Pool;
  /** Its row in `integration_workers`, which leases name. */
  id: number;
  /** Calls at once in this process, over all integrations. */
  concurrency: number;
  connectors: ReadonlyMap<string, Connector>;
  keyRing: KeyRing;
  http: HttpClient;
  clock: Clock;
  logger: Logger;
  random(): number;
  writeOutcomes: WriteOutcomes | null;
  /** How long a claim is good without renewal. Default 30,000 ms. */
  leaseMs?: number;
}

export interface Worker {
  /** There may be something due. */
  wake(): void;
  /** False while the database cannot be reached. */
  healthy(): boolean;
  active(): { sync: ClaimedSync; startedAt: Date }[];
  stats(): Record<string, number>;
  /** No new claims; what is in flight finishes and is written back; the rest is given back. */
  stop(timeoutMs: number): Promise<void>;
}

const LEASE_MS = 30_000;
/** Claims of up to 500, as measured; a smaller worker keeps less in hand. */
const CLAIM_LIMIT = 500;
/** Room for an integration that this worker does not know yet. */
const OTHER_ROOM = 32;
const WRITE_BATCH = 500;
/** How often an idle worker looks by itself. Wakings make it faster; correctness never needs them. */
const POLL_MS = 250;
const ERROR_PAUSE_MS = 1_000;
/** What is finished but not written back; above it no further call starts (the database is slow or gone). */
const MAX_UNWRITTEN = 5_000;

/**
 * Claims due syncs, delivers them with a bounded number of calls at once, and writes the results back in
 * batches. A stream, not rounds: a slot that frees is used at once, and claiming, calling and writing
 * overlap.
 */
export function startWorker(options: WorkerOptions): Worker {
  const { pool, id, clock, logger, concurrency } = options;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const queues = new Map<number, IntegrationQueue>();
  const active = new Map<number, { sync: ClaimedSync; startedAt: Date }>();
  const health = new HealthTally();
  const claimPause = createWakeable();
  const abort = new AbortController();
  const lowWater = Math.max(64, Math.min(CLAIM_LIMIT, concurrency * 2));
  let waiting = 0;
  let finished: Tried[] = [];
  let writing: Promise<void> | null = null;
  let stopping = false;
  let isHealthy = true;
  let rateTimer: NodeJS.Timeout | null = null;
  const totals = { delivered: 0, failed: 0, retried: 0, claims: 0 };

  const claiming = claimLoop();
  const renewing = setInterval(renew, leaseMs / 3);

  return {
    wake: claimPause.wake,
    healthy: () => isHealthy,
    active: () => [...active.values()],
    stats: () => ({ ...totals, waiting, in_flight: active.size, unwritten: finished.length }),
    async stop(timeoutMs) {
      stopping = true;
      claimPause.wake();
      await claiming;
      if (rateTimer) clearTimeout(rateTimer);
      const unstarted = [...queues.values()].flatMap((queue) => queue.clear().map((sync) => sync.id));
      waiting = 0;
      await releaseLeases(pool, id, unstarted).catch(logFailure('could not give back unstarted syncs'));
      const deadline = performance.now() + timeoutMs;
      while ((active.size > 0 || finished.length > 0 || writing) && performance.now() < deadline) {
        await Promise.race([changed(), new Promise((resolve) => setTimeout(resolve, 50))]);
      }
      if (active.size > 0) abort.abort(new Error('shutting down'));
      clearInterval(renewing);
      await health
        .write(pool, clock.forStatement())
        .catch(logFailure('could not write the health of integrations'));
    },
  };

  async function claimLoop(): Promise<void> {
    while (!stopping) {
      let claimed = 0;
      try {
        if (waiting < lowWater && finished.length < MAX_UNWRITTEN) claimed = await claim();
        isHealthy = true;
      } catch (error) {
        isHealthy = false;
        logger.error({ err: error }, 'could not claim syncs; trying again in a second');
        await claimPause.pause(ERROR_PAUSE_MS);
        continue;
      }
      if (claimed === 0 || waiting >= lowWater) await claimPause.pause(POLL_MS);
    }
  }

  async function claim(): Promise<number> {
    const claimed = await claimDue(pool, {
      worker: id,
      leaseMs,
      limit: Math.min(CLAIM_LIMIT, Math.max(lowWater, concurrency)),
      room: new Map([...queues].map(([integrationId, queue]) => [integrationId, queue.room()])),
      otherRoom: OTHER_ROOM,
      now: clock.forStatement(),
    });
    totals.claims++;
    if (claimed.length === 0) return 0;
    await refreshIntegrations(claimed);
    for (const sync of claimed) {
      const queue = queues.get(sync.integration_id);
      if (!queue) continue;
      queue.add(sync);
      waiting++;
    }
    start();
    return claimed.length;
  }

  /** Loads what is new or was changed since; parks what cannot be used. */
  async function refreshIntegrations(claimed: ClaimedSync[]): Promise<void> {
    const stale = new Set<number>();
    for (const { integration_id, version } of claimed) {
      if (queues.get(integration_id)?.integration.version !== version) stale.add(integration_id);
    }
    if (stale.size === 0) return;
    const loaded = await loadIntegrations(pool, [...stale], options.connectors, options.keyRing, clock.now());
    for (const integrationId of stale) await use(integrationId, loaded.get(integrationId), claimed);
  }

  async function use(
    integrationId: number,
    loaded: Loaded | undefined,
    claimed: ClaimedSync[],
  ): Promise<void> {
    if (loaded?.ok) {
      const queue = queues.get(integrationId);
      if (queue) queue.integration = loaded.integration;
      else queues.set(integrationId, new IntegrationQueue(loaded.integration));
      return;
    }
    const problem = loaded ? loaded.broken.problem : 'it was deleted';
    logger.error({ integration: integrationId, problem }, 'an integration cannot be used; it is paused');
    await parkIntegration(pool, integrationId, `misconfigured: ${problem}`, clock.forStatement());
    await giveUp(
      integrationId,
      claimed.filter((sync) => sync.integration_id === integrationId),
    );
  }

  /** Gives back what was claimed for an integration that must not be called now. */
  async function giveUp(integrationId: number, further: ClaimedSync[] = []): Promise<void> {
    const cleared = queues.get(integrationId)?.clear() ?? [];
    queues.delete(integrationId);
    waiting -= cleared.length;
    await releaseLeases(
      pool,
      id,
      [...cleared, ...further].map((sync) => sync.id),
    );
  }

  /** Starts as many calls as slots, concurrency and rate limits allow. Round-robin over the integrations. */
  function start(): void {
    let isProgress = true;
    while (isProgress && active.size < concurrency && finished.length < MAX_UNWRITTEN) {
      isProgress = false;
      for (const queue of queues.values()) {
        if (active.size >= concurrency) break;
        const sync = queue.take();
        if (!sync) continue;
        isProgress = true;
        waiting--;
        void run(sync, queue, queue.integration);
      }
    }
    if (waiting > 0) scheduleRateLimited();
    if (waiting < lowWater / 2) claimPause.wake();
  }

  async function run(
    sync: ClaimedSync,
    queue: IntegrationQueue,
    integration: LoadedIntegration,
  ): Promise<void> {
    active.set(sync.id, { sync, startedAt: clock.now() });
    const tried = await attempt(sync, integration, { ...options, signal: abort.signal });
    active.delete(sync.id);
    queue.ended();
    if (abort.signal.aborted) return; // the lease runs out and another worker tries it
    finished.push(tried);
    writing ??= write();
    if (!stopping) start();
  }

  /** Writes until nothing is left. While one batch is written the next one gathers. */
  async function write(): Promise<void> {
    await new Promise(setImmediate);
    while (finished.length > 0) {
      const batch = finished.slice(0, WRITE_BATCH);
      try {
        const parked = await park(batch);
        const { wokeLanes } = await writeBack(pool, id, batch, clock.forStatement(), options.writeOutcomes);
        finished = finished.slice(batch.length);
        for (const tried of batch) count(tried);
        if (wokeLanes) claimPause.wake();
        for (const integrationId of parked) await giveUp(integrationId);
        await health
          .write(pool, clock.forStatement())
          .catch(logFailure('could not write how integrations fare'));
      } catch (error) {
        logger.error(
          { err: error, tries: finished.length },
          'could not write results back; trying again in a second',
        );
        await new Promise((resolve) => setTimeout(resolve, ERROR_PAUSE_MS));
      }
    }
    writing = null;
  }

  function count(tried: Tried): void {
    health.add(tried);
    if (tried.step.status === 'synced') totals.delivered++;
    else if (tried.step.status === 'failed') totals.failed++;
    else totals.retried++;
  }

  /** Before the results are written: what comes back pending must not be claimed again at once. */
  async function park(batch: Tried[]): Promise<number[]> {
    const refusing = new Map(
      batch.filter((tried) => tried.step.pause).map((tried) => [tried.integration.id, tried.step]),
    );
    for (const [integrationId, step] of refusing) {
      await parkIntegration(pool, integrationId, `${step.pause}: ${step.explanation}`, clock.forStatement());
      logger.warn({ integration: integrationId, reason: step.pause }, 'an integration was paused');
    }
    return [...refusing.keys()];
  }

  function scheduleRateLimited(): void {
    if (rateTimer) return;
    const waits = [...queues.values()].map((queue) => queue.waitMs()).filter((ms) => ms > 0);
    if (waits.length === 0) return;
    rateTimer = setTimeout(
      () => {
        rateTimer = null;
        if (!stopping) start();
      },
      Math.min(...waits),
    );
  }

  function renew(): void {
    const ids = [...active.keys(), ...finished.map((tried) => tried.sync.id)];
    for (const queue of queues.values()) ids.push(...queue.ids());
    if (ids.length === 0) return;
    renewLeases(pool, id, ids, leaseMs, clock.forStatement()).catch(logFailure('could not renew leases'));
  }

  function changed(): Promise<void> {
    return writing ?? new Promise(setImmediate);
  }

  function logFailure(message: string) {
    return (error: unknown) => logger.error({ err: error }, message);
  }
}
