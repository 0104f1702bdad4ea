import { fileURLToPath } from 'node:url';
import { createAttempts } from './attempts/attempts.ts';
import { attachTriggers, findDrift } from './capture/attach.ts';
import { emit, setContext } from './capture/context.ts';
import { createCatalogue } from './catalogue.ts';
import { createChores, DEFAULT_RETENTION, type Retention } from './chores/chores.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Connector } from './connector.ts';
import type { Pool, Queryable } from './database.ts';
import type { WriteOutcomes } from './delivery/write-back.ts';
import { createDispatch, type TenantInfo } from './dispatch/dispatch.ts';
import type { Filter } from './dispatch/subscriptions.ts';
import type { Engine, HostChore } from './engine-api.ts';
import { createEvents } from './events/events.ts';
import { createHttpClient } from './http/client.ts';
import { createGuard } from './http/guard.ts';
import { createIntegrations } from './integrations/integrations.ts';
import { type Logger, silentLogger } from './logger.ts';
import { pendingMigrations, runMigrations } from './migrate.ts';
import { type RunningRoles, startRoles } from './roles.ts';
import type { KeyRing } from './secrets/key-ring.ts';
import { createSyncs } from './syncs/syncs.ts';
import type { TriggerDefinition } from './trigger.ts';
import { createWakeups, type WakeKind } from './wakeups.ts';
import { createWorkers } from './workers/workers.ts';

export interface EngineOptions {
  pool: Pool;
  triggers: readonly TriggerDefinition[];
  connectors: readonly Connector[];
  keyRing: KeyRing;
  /** What may be called: CIDRs that are allowed although private, and whether `http:` may leave. */
  http: { allow: readonly string[]; plainHttp: boolean };
  /** Names the tenants of a batch of events, for the payload. Default: the id is the name. */
  tenants?(db: Queryable, tenantIds: string[]): Promise<Map<string, TenantInfo>>;
  /** Compiles an integration's filter; throws ConfigurationError. Default: filters are refused. */
  compileFilter?(filter: unknown): Filter;
  /** Called in the transaction that ends syncs, to write what the host keeps of it. */
  onOutcomes?: WriteOutcomes;
  retention?: Partial<Retention>;
  /** The host's own periodic work, run by the process that has the scheduler's lease. */
  chores?: readonly HostChore[];
  logger?: Logger;
  clock?: Clock;
  /** In [0, 1), for jitter. */
  random?(): number;
  /** Shown by `inspect`. */
  version?: string;
  /** Whether processes wake each other by LISTEN/NOTIFY. Not on the embedded database. Default true. */
  listen?: boolean;
  /** How long a claim is good without renewal. Default 30,000 ms. */
  leaseMs?: number;
  /** Sent with every call. */
  userAgent?: string;
}

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));

/** Wires the engine. Starts nothing: see `start`. */
export function createEngine(options: EngineOptions): Engine & { close(): Promise<void> } {
  const {
    pool,
    triggers,
    keyRing,
    logger = silentLogger,
    clock = systemClock,
    random = Math.random,
  } = options;
  const connectors = new Map(options.connectors.map((connector) => [connector.name, connector]));
  const catalogue = createCatalogue(triggers);
  const models = triggers.map((trigger) => trigger.model);
  const guard = createGuard(options.http);
  const http = createHttpClient({
    guard,
    userAgent: options.userAgent ?? 'signalbox-webhooks/1.0 (delivery)',
  });
  const compileFilter = options.compileFilter ?? refuseFilters;
  const running = new Set<RunningRoles>();
  const listen = options.listen ?? true;
  const wakeups = listen ? createWakeups(pool, logger, null) : null;
  const dispatch = createDispatch({
    pool,
    triggers,
    clock,
    logger,
    compileFilter,
    tenants: options.tenants ?? (async () => new Map()),
  });

  const wakeFor = (kind: WakeKind) => {
    const isHere = [...running].filter((roles) => roles.wake(kind)).length > 0;
    if (!isHere) wakeups?.announce(kind);
  };
  const wakeSyncs = () => wakeFor('syncs');
  const chores = createChores(pool, clock, { ...DEFAULT_RETENTION, ...options.retention }, wakeSyncs);

  return {
    pool,
    catalogue,
    chores,
    wake(what) {
      for (const kind of what ? [what] : (['changes', 'syncs'] as const)) wakeFor(kind);
    },
    emit: (tx, event) => emit(tx, event, models),
    setContext,
    migrate: () => runMigrations(pool, 'engine', MIGRATIONS),
    pendingMigrations: () => pendingMigrations(pool, 'engine', MIGRATIONS),
    attach: () => attachTriggers(pool, triggers),
    drift: () => findDrift(pool, triggers),
    integrations: createIntegrations({
      pool,
      catalogue,
      connectors,
      keyRing,
      http,
      guard,
      clock,
      compileFilter,
      wake: wakeSyncs,
    }),
    syncs: createSyncs(pool, clock, wakeSyncs),
    events: createEvents(pool),
    attempts: createAttempts(pool),
    workers: createWorkers(pool, clock),
    connectors: [...connectors.values()],
    http,
    start(roles) {
      const started = startRoles(roles, {
        pool,
        logger,
        chores,
        hostChores: options.chores ?? [],
        dispatch,
        listen,
        version: options.version ?? '0.0.0',
        worker: {
          pool,
          connectors,
          keyRing,
          http,
          clock,
          logger,
          random,
          writeOutcomes: options.onOutcomes ?? null,
          leaseMs: options.leaseMs,
        },
      });
      running.add(started);
      return {
        healthy: started.healthy,
        async stop(how) {
          await started.stop(how);
          running.delete(started);
        },
      };
    },
    async close() {
      await Promise.all([...running].map((roles) => roles.stop()));
      await wakeups?.close();
      await http.close();
    },
  };
}

function refuseFilters(): Filter {
  throw new Error('this engine was created without compileFilter, so integrations cannot have a filter');
}
