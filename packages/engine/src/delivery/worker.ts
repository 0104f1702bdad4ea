import type { Clock } from '../clock.ts';
import type { Connector, HttpClient } from '../connector.ts';
import type { Pool } from '../database.ts';
import {
  findUnchanged,
  type Loaded,
  type LoadedIntegration,
  loadIntegrations,
} from '../integrations/load.ts';
import { parkIntegration } from '../integrations/park.ts';
import type { Logger } from '../logger.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { createWakeable } from '../wakeable.ts';
import { attempt, type Tried } from './attempt.ts';
import {
  type ClaimedSync,
  claimDue,
  findLost,
  releaseLeases,
  releaseUnknownLeases,
  renewLeases,
} from './claim.ts';
import { IntegrationQueue } from './integration-queue.ts';
import { createResultWriter } from './result-writer.ts';
import type { WriteOutcomes } from './write-back.ts';

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
  /** How many more syncs it could call at once. */
  room(): number;
  active(): { sync: ClaimedSync; startedAt: Date }[];
  stats(): Record<string, number>;
  /** No new claims; what is in flight finishes and is written back; the rest is given back. Ends in time, whatever hangs. */
  stop(timeoutMs: number): Promise<void>;
}

const LEASE_MS = 30_000;
/** Claims of up to 500, as measured; a smaller worker keeps less in hand. */
const CLAIM_LIMIT = 500;
/** Room for an integration that this worker does not know yet. */
const OTHER_ROOM = 32;
/** How often an idle worker looks by itself. Wakings make it faster; correctness never needs them. */
const POLL_MS = 250;
const ERROR_PAUSE_MS = 1_000;
/** How often it asks whether integrations with syncs in hand were paused, edited or deleted. */
const LOOK_MS = 1_000;

/**
 * Claims due syncs, delivers them with a bounded number of calls at once, and has the results written
 * back in batches. A stream, not rounds: a slot that frees is used at once, and claiming, calling and
 * writing overlap.
 *
 * What it has in hand (queued, being called, not written back) it renews. When it could not renew for a
 * lease's time, others may have taken it: then it forgets what it has not started, and does not queue
 * twice what it claims again while still in hand.
 */
export function startWorker(options: WorkerOptions): Worker {
  const { pool, id, clock, logger, concurrency } = options;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const queues = new Map<number, IntegrationQueue>();
  const active = new Map<number, { sync: ClaimedSync; startedAt: Date }>();
  const inHand = new Set<number>();
  /** Claimed again while in hand: its lease had run out, or its result was written but not yet reported. */
  const claimedAgain = new Set<number>();
  const claimPause = createWakeable();
  const abort = new AbortController();
  const lowWater = Math.max(64, Math.min(CLAIM_LIMIT, concurrency * 2));
  const writer = createResultWriter({ ...options, worker: id, onWritten });
  let waiting = 0;
  let leasesGoodUntil = performance.now() + leaseMs;
  let lookedAt = performance.now();
  let stopping = false;
  let isHealthy = true;
  /** A claim failed: it may have been made all the same. */
  let isClaimLost = false;
  let rateTimer: NodeJS.Timeout | null = null;
  const totals = { delivered: 0, failed: 0, retried: 0, claims: 0 };

  const claiming = claimLoop();
  const renewing = setInterval(() => void renew().catch(logFailure('could not renew leases')), leaseMs / 3);

  return {
    wake: claimPause.wake,
    healthy: () => isHealthy,
    room: () => concurrency - active.size - waiting,
    active: () => [...active.values()],
    stats: () => ({ ...totals, waiting, in_flight: active.size, unwritten: writer.unwritten.length }),
    async stop(timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      stopping = true;
      claimPause.wake();
      if (rateTimer) clearTimeout(rateTimer);
      await within(claiming, deadline);
      const unstarted = [...queues.values()].flatMap((queue) => forget(queue));
      const released = releaseLeases(pool, id, unstarted);
      await within(released.catch(logFailure('could not give back unstarted syncs')), deadline);
      while ((active.size > 0 || writer.unwritten.length > 0) && performance.now() < deadline) {
        await within(writer.unwritten.length > 0 ? writer.idle() : oneEnds(), deadline);
      }
      if (active.size > 0) abort.abort(new Error('shutting down'));
      clearInterval(renewing);
      await within(writer.stop(), deadline + ERROR_PAUSE_MS);
    },
  };

  async function claimLoop(): Promise<void> {
    while (!stopping) {
      let claimed = 0;
      try {
        if (isClaimLost) await releaseUnknownLeases(pool, id, [...inHand]);
        isClaimLost = false;
        if (performance.now() - lookedAt > LOOK_MS) await look();
        if (waiting < lowWater && !writer.unwritten.isFull) claimed = await claim();
        isHealthy = true;
      } catch (error) {
        isHealthy = false;
        isClaimLost = true;
        logger.error({ err: error }, 'could not claim syncs; trying again in a second');
        await claimPause.pause(ERROR_PAUSE_MS);
        continue;
      }
      if (claimed === 0 || waiting >= lowWater) await claimPause.pause(POLL_MS);
    }
  }

  async function claim(): Promise<number> {
    const from = performance.now();
    const claimed = await claimDue(pool, {
      worker: id,
      leaseMs,
      limit: Math.min(CLAIM_LIMIT, Math.max(lowWater, concurrency)),
      room: new Map([...queues].map(([integrationId, queue]) => [integrationId, queue.room(from)])),
      otherRoom: OTHER_ROOM,
      now: clock.forStatement(),
    });
    totals.claims++;
    if (claimed.length === 0) return 0;
    if (from > leasesGoodUntil) {
      forgetUnstarted();
      leasesGoodUntil = from + leaseMs;
    }
    const fresh = claimed.filter((sync) => !inHand.has(sync.id));
    for (const sync of claimed) (inHand.has(sync.id) ? claimedAgain : inHand).add(sync.id);
    try {
      await refreshIntegrations(fresh);
    } catch (error) {
      for (const sync of fresh) inHand.delete(sync.id);
      throw error;
    }
    if (performance.now() > from + leaseMs) {
      // The answer came later than the leases it tells of ran out (this process was stopped): they are anybody's.
      for (const sync of fresh) inHand.delete(sync.id);
      return 0;
    }
    for (const sync of fresh) {
      const queue = queues.get(sync.integration_id);
      if (!queue || !inHand.has(sync.id)) continue;
      queue.add(sync);
      waiting++;
    }
    start();
    return claimed.length;
  }

  /** Loads what is new, was changed since, or has a secret that has expired. */
  async function refreshIntegrations(claimed: ClaimedSync[]): Promise<void> {
    const now = clock.now().getTime();
    const stale = new Set<number>();
    for (const { integration_id, version } of claimed) {
      const known = queues.get(integration_id)?.integration;
      if (known?.version !== version || known.staleAt <= now) stale.add(integration_id);
    }
    await reload(stale, claimed);
  }

  async function reload(stale: ReadonlySet<number>, claimed: ClaimedSync[] = []): Promise<void> {
    if (stale.size === 0) return;
    const loaded = await loadIntegrations(pool, [...stale], options.connectors, options.keyRing, clock.now());
    for (const integrationId of stale) {
      const further = claimed.filter((sync) => sync.integration_id === integrationId);
      await use(integrationId, loaded.get(integrationId) ?? { state: 'closed' }, further);
    }
  }

  async function use(integrationId: number, loaded: Loaded, claimed: ClaimedSync[]): Promise<void> {
    if (loaded.state === 'open') {
      const queue = queues.get(integrationId);
      if (queue) queue.integration = loaded.integration;
      else queues.set(integrationId, new IntegrationQueue(loaded.integration, performance.now()));
      return;
    }
    if (loaded.state === 'broken') {
      const { version, problem } = loaded;
      logger.error({ integration: integrationId, problem }, 'an integration cannot be used; it is paused');
      const reason = `misconfigured: ${problem}`;
      await parkIntegration(pool, { id: integrationId, version }, reason, clock.forStatement());
    }
    await giveUp(integrationId, claimed);
  }

  /** Gives back what was claimed for an integration that must not be called now. */
  async function giveUp(integrationId: number, further: ClaimedSync[] = []): Promise<void> {
    const queue = queues.get(integrationId);
    const cleared = queue ? forget(queue) : [];
    // its calls under way still count for its concurrency, should it come back
    if (queue?.inFlight === 0) queues.delete(integrationId);
    for (const sync of further) inHand.delete(sync.id);
    await releaseLeases(pool, id, [...cleared, ...further.map((sync) => sync.id)]);
  }

  /** Finds integrations that were paused, edited or deleted after their syncs were claimed, and forgets idle ones. */
  async function look(): Promise<void> {
    lookedAt = performance.now();
    for (const [integrationId, queue] of queues) {
      if (queue.isForgettable(lookedAt)) queues.delete(integrationId);
    }
    const used = [...queues.values()].filter((queue) => queue.waiting > 0).map((queue) => queue.integration);
    if (used.length === 0) return;
    const unchanged = await findUnchanged(pool, used);
    const now = clock.now().getTime();
    const stale = used.filter(({ id, staleAt }) => !unchanged.has(id) || staleAt <= now);
    await reload(new Set(stale.map((integration) => integration.id)));
  }

  /**
   * Starts as many calls as slots, concurrency and rate limits allow, in turn over the integrations. The
   * one that was served goes to the end of the line, so that a slot that frees is the next one's.
   */
  function start(): void {
    const now = performance.now();
    if (now > leasesGoodUntil) forgetUnstarted();
    const served: IntegrationQueue[] = [];
    let isProgress = true;
    while (isProgress && active.size < concurrency && !writer.unwritten.isFull) {
      isProgress = false;
      for (const queue of queues.values()) {
        if (active.size >= concurrency) break;
        const sync = queue.take(now);
        if (!sync) continue;
        isProgress = true;
        waiting--;
        served.push(queue);
        void run(sync, queue, queue.integration);
      }
      for (const queue of served.splice(0)) {
        queues.delete(queue.integration.id);
        queues.set(queue.integration.id, queue);
      }
    }
    if (waiting > 0) scheduleRateLimited(now);
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
    queue.ended(performance.now());
    if (abort.signal.aborted) return; // the lease runs out and another worker tries it
    writer.add(tried);
    if (!stopping) start();
  }

  function onWritten(
    written: readonly Tried[],
    { wokeLanes, parked }: { wokeLanes: boolean; parked: readonly number[] },
  ): void {
    const again: number[] = [];
    for (const { sync, step } of written) {
      inHand.delete(sync.id);
      if (claimedAgain.delete(sync.id)) again.push(sync.id);
      if (step.status === 'synced') totals.delivered++;
      else if (step.status === 'failed') totals.failed++;
      else totals.retried++;
    }
    if (wokeLanes) claimPause.wake();
    if (again.length > 0) {
      releaseLeases(pool, id, again).then(claimPause.wake, logFailure('could not give back syncs'));
    }
    for (const integrationId of parked) {
      giveUp(integrationId).catch(logFailure('could not give back syncs of a paused integration'));
    }
    // calls may have waited for room among the unwritten
    if (!stopping) start();
  }

  function forget(queue: IntegrationQueue, only?: ReadonlySet<number>): number[] {
    const ids = queue.clear(only).map((sync) => sync.id);
    for (const syncId of ids) {
      inHand.delete(syncId);
      claimedAgain.delete(syncId);
    }
    waiting -= ids.length;
    return ids;
  }

  /** Their leases ran out while the database was away: they are anybody's. */
  function forgetUnstarted(): void {
    for (const queue of queues.values()) forget(queue);
  }

  function scheduleRateLimited(now: number): void {
    if (rateTimer) return;
    const waits = [...queues.values()].map((queue) => queue.waitMs(now)).filter((ms) => ms > 0);
    if (waits.length === 0) return;
    rateTimer = setTimeout(
      () => {
        rateTimer = null;
        if (!stopping) start();
      },
      Math.min(...waits),
    );
  }

  async function renew(): Promise<void> {
    const from = performance.now();
    // Too late for what has not started: another may have delivered it by now.
    if (from > leasesGoodUntil) forgetUnstarted();
    const ids = [...inHand];
    if (ids.length > 0) {
      await renewLeases(pool, id, ids, leaseMs, clock.forStatement());
      const queued = [...queues.values()].flatMap((queue) => queue.ids());
      const lost = new Set(await findLost(pool, id, queued));
      for (const queue of queues.values()) forget(queue, lost);
    }
    leasesGoodUntil = from + leaseMs;
  }

  /** Looks soon enough whether a call has ended. */
  function oneEnds(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 20));
  }

  function logFailure(message: string) {
    return (error: unknown) => logger.error({ err: error }, message);
  }
}

/** Waits for `work`, but not beyond the deadline. */
async function within(work: Promise<unknown>, deadline: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(0, deadline - performance.now()));
  });
  await Promise.race([work, timeUp]);
  clearTimeout(timer);
}
