import type { Clock } from '../clock.ts';
import { type Pool, type Queryable, type Transaction, transaction } from '../database.ts';
import { isDatabaseTrouble } from '../database-trouble.ts';
import type { Logger } from '../logger.ts';
import { type Lane, lockLanes, wakeLanes } from '../syncs/lanes.ts';
import type { TriggerDefinition } from '../trigger.ts';
import { uuidv7 } from '../uuid.ts';
import { type BuiltPayload, buildPayloads } from './build-payloads.ts';
import {
  becomeDispatcher,
  type Change,
  recordKey,
  registerCreated,
  setAside,
  takeChanges,
} from './changes.ts';
import { changedColumns, eventTypesOf } from './derive-events.ts';
import { buildEnvelope } from './envelope.ts';
import { insertEvents, insertSyncs, type NewEvent, type NewSync, nextSequences } from './store.ts';
import { createFilterCache, type Filter, loadSubscriptions, type Subscription } from './subscriptions.ts';
import { supersede } from './supersede.ts';

export interface TenantInfo {
  id: unknown;
  name: string;
}

export interface DispatchOptions {
  pool: Pool;
  triggers: readonly TriggerDefinition[];
  clock: Clock;
  logger: Logger;
  /** Names the tenants of a batch, for the payload. */
  tenants(db: Queryable, tenantIds: string[]): Promise<Map<string, TenantInfo>>;
  compileFilter(filter: unknown): Filter;
}

/** What one batch did. `busy`: another process dispatches just now. */
export type DispatchResult = { busy: true } | { busy: false; changes: number; events: number; syncs: number };

/** The same with the lanes that its transaction could not settle, to be woken when it is committed. */
type Dispatched = DispatchResult & { unsettled?: Lane[] };

const NOTHING = { busy: false, changes: 0, events: 0, syncs: 0 } as const;

/** Changes a transaction; 200 to 1,000 measured alike, and a smaller batch arrives sooner. */
const BATCH = 500;
/** A change that cannot be dispatched is our own fault; it is asked again after 10 s, at most 10 min. */
const ASIDE_BASE_MS = 10_000;
const ASIDE_CAP_MS = 600_000;

/**
 * Turns captured changes into events and syncs, one batch in one transaction. When a batch fails, its
 * changes are dispatched one by one, so that a payload that cannot be built holds up its own record only.
 */
export function createDispatch(options: DispatchOptions): () => Promise<DispatchResult> {
  const { pool, clock, logger } = options;
  const byModel = new Map(options.triggers.map((trigger) => [trigger.model, trigger]));
  const models = [...byModel.keys()];
  const filterOf = createFilterCache(options.compileFilter, logger);

  return async () => {
    try {
      return await dispatchBatch();
    } catch (error) {
      if (isDatabaseTrouble(error)) throw error;
      logger.error({ err: error }, 'a batch of changes could not be dispatched; trying them one by one');
      return dispatchOneByOne();
    }
  };

  async function dispatchBatch(): Promise<DispatchResult> {
    const { unsettled = [], ...result } = await transaction(pool, async (tx): Promise<Dispatched> => {
      if (!(await becomeDispatcher(tx))) return { busy: true };
      return dispatchChanges(tx, await takeChanges(tx, models, BATCH, clock.forStatement()));
    });
    await wakeLanes(pool, unsettled, clock.forStatement());
    return result;
  }

  /** Until the change that spoils the batch has been found and set aside. */
  async function dispatchOneByOne(): Promise<DispatchResult> {
    const total = { busy: false as const, changes: 0, events: 0, syncs: 0 };
    for (let n = 0; n < BATCH; n++) {
      const { isAside, result } = await transaction(pool, dispatchOne);
      await wakeLanes(pool, result.unsettled ?? [], clock.forStatement());
      if (result.busy || result.changes === 0) break;
      total.changes += result.changes;
      total.events += result.events;
      total.syncs += result.syncs;
      if (isAside) break;
    }
    return total;
  }

  async function dispatchOne(tx: Transaction): Promise<{ isAside: boolean; result: Dispatched }> {
    if (!(await becomeDispatcher(tx))) return { isAside: false, result: { busy: true } };
    await tx.query({ text: 'savepoint untaken' });
    const [change] = await takeChanges(tx, models, 1, clock.forStatement());
    if (!change) return { isAside: false, result: NOTHING };
    try {
      return { isAside: false, result: await dispatchChanges(tx, [change]) };
    } catch (error) {
      if (isDatabaseTrouble(error)) throw error;
      await tx.query({ text: 'rollback to savepoint untaken' });
      const delayMs = Math.min(ASIDE_BASE_MS * 2 ** change.failures, ASIDE_CAP_MS);
      logger.error(
        { err: error, change: change.id, model: change.model, record: change.record_id, delayMs },
        'a change could not be dispatched; it is kept, and later changes of its record wait for it',
      );
      await setAside(tx, change.id, delayMs, String(error), clock.forStatement());
      return { isAside: true, result: { ...NOTHING, changes: 1 } };
    }
  }

  async function dispatchChanges(tx: Transaction, changes: Change[]): Promise<Dispatched> {
    if (changes.length === 0) return NOTHING;
    const raised = await raiseEvents(tx, changes);
    if (raised.length === 0) return { busy: false, changes: changes.length, events: 0, syncs: 0 };

    const tenantIds = [...new Set(raised.map(({ change }) => change.tenant_id))];
    const tenants = await options.tenants(tx, tenantIds);
    // before the subscriptions are read: an integration that is deleted meanwhile gets no sync after its last
    await lockLanes(tx);
    const subscriptions = await loadSubscriptions(tx, tenantIds);
    const sequences = await nextSequences(tx, raised.length);

    const events: NewEvent[] = [];
    const syncs: NewSync[] = [];
    for (const [index, { change, eventType, built }] of raised.entries()) {
      const eventId = uuidv7(clock.now().getTime());
      const envelope = buildEnvelope({
        eventType,
        occurredAt: change.occurred_at,
        tenant: tenants.get(change.tenant_id) ?? { id: change.tenant_id, name: change.tenant_id },
        part: built.part,
        changes: built.changes,
        eventId,
        sequence: sequences[index]!,
        actor: change.actor,
      });
      events.push(toEvent(change, eventType, eventId, sequences[index]!, JSON.stringify(envelope)));
      for (const subscription of subscriptions.get(change.tenant_id) ?? []) {
        if (wants(subscription, eventType, change, envelope)) {
          syncs.push(toSync(change, eventType, eventId, subscription, isUpdate(change, eventType)));
        }
      }
    }
    await insertEvents(tx, events);
    const unsettled = [
      ...(await insertSyncs(tx, syncs, clock.forStatement())),
      ...(await supersede(tx, syncs, clock.forStatement())),
    ];
    return { busy: false, changes: changes.length, events: events.length, syncs: syncs.length, unsettled };
  }

  /** Decides the event types of each change and has their payloads built, a model at a time. */
  async function raiseEvents(tx: Transaction, changes: Change[]) {
    const decided = changes.map((change) => {
      const trigger = byModel.get(change.model)!;
      const changed = changedColumns(trigger, change);
      const eventTypes = change.event_type ? [change.event_type] : eventTypesOf(trigger, change, changed);
      return { change, trigger, changed, eventTypes };
    });
    const isInsert = ({ change }: { change: Change }) => change.operation === 'insert';
    const created = await registerCreated(
      tx,
      decided.filter(isInsert).map(({ change }) => ({ model: change.model, recordId: change.record_id })),
    );
    const raising = decided.filter(
      (one) =>
        one.eventTypes.length > 0 &&
        // delete: the second insert of a key in the same batch is no creation either
        (!isInsert(one) || created.delete(recordKey(one.change.model, one.change.record_id))),
    );

    const built = new Map<Change, BuiltPayload>();
    for (const trigger of new Set(raising.map((one) => one.trigger))) {
      const own = raising.filter((one) => one.trigger === trigger && one.change.operation !== 'emit');
      const payloads = own.length > 0 ? await buildPayloads(tx, trigger, own) : [];
      own.forEach((one, index) => {
        built.set(one.change, payloads[index]!);
      });
    }
    return raising.flatMap(({ change, eventTypes }) =>
      eventTypes.map((eventType) => ({
        change,
        eventType,
        built: built.get(change) ?? { part: change.new, changes: null },
      })),
    );
  }

  function isUpdate(change: Change, eventType: string): boolean {
    return byModel.get(change.model)?.events[eventType]?.on === 'update';
  }

  function wants(
    subscription: Subscription,
    eventType: string,
    change: Change,
    envelope: Record<string, unknown>,
  ): boolean {
    if (!subscription.event_types.includes(eventType)) return false;
    // No echo: what an integration wrote through its own key does not go back to it.
    if (subscription.id === change.origin) return false;
    return filterOf(subscription)?.(envelope) ?? true;
  }
}

function toEvent(change: Change, eventType: string, id: string, sequence: number, payload: string): NewEvent {
  return {
    id,
    sequence,
    tenantId: change.tenant_id,
    model: change.model,
    recordId: change.record_id,
    eventType,
    payload,
    actor: change.actor,
    origin: change.origin,
    depth: change.depth,
    occurredAt: change.occurred_at,
  };
}

function toSync(
  change: Change,
  eventType: string,
  eventId: string,
  subscription: Subscription,
  isUpdate: boolean,
): NewSync {
  return {
    tenantId: change.tenant_id,
    integrationId: subscription.id,
    eventId,
    eventType,
    model: change.model,
    recordId: change.record_id,
    ordered: subscription.ordering === 'record',
    latestOnly: subscription.coalesce && isUpdate,
  };
}
