import type { Arrival } from './arrivals.ts';

/**
 * The independent judge. It knows what the host committed (the host's own journal and what its writers
 * were told) and what receivers wrote down; nothing of the engine, none of its tables.
 */

/** A write that is in the database. */
export interface Committed {
  tenantId: number;
  model: string;
  recordId: number;
  version: number;
  token: string;
  statusChanged: boolean;
}

/** Which event types of a tenant go to which path. */
export interface Subscription {
  path: string;
  tenantId: number;
  eventTypes: readonly string[];
}

/** Something that was done to the system, in the receiver's time. */
export interface Injury {
  name: string;
  from: number;
  until: number;
  /** Workers that ended without finishing what they had in hand: that much may be repeated. */
  killedWorkers: number;
  /** The database was not there: results could not be written back. */
  outage: boolean;
  /**
   * Workers were taken for dead and live: what they had sent may come after what others sent since. Of a
   * killed worker nothing comes late.
   */
  undead?: boolean;
}

export interface Counts {
  committed: number;
  expected: number;
  arrived: number;
  /** Committed, but no receiver got it. */
  lost: number;
  /** Delivered, but never committed, raised twice, or to the wrong tenant's receiver. */
  phantom: number;
  /** Delivered again although the receiver had not refused it. */
  repeated: number;
  /** How many repeats the kills of this round excuse. */
  mayRepeat: number;
  /** Repeats of what cannot have been in flight at a kill, or beyond what kills excuse. */
  unexcused: number;
  /** Arrived after a later one of its record. */
  disordered: number;
}

export interface Verdict {
  counts: Counts;
  /** The first few of every kind, in words. */
  problems: string[];
  /** Events to look at. */
  suspects: string[];
}

export interface CheckerOptions {
  subscriptions: readonly Subscription[];
  /** Deliveries at once in one worker. */
  slots: number;
}

/**
 * A worker that is killed may have in hand, delivered but not written back: what is in its slots, and
 * what has ended and waits for the write that is under way, at most a batch.
 */
export const UNWRITTEN_BATCH = 500;
/** In which time results are written back. Measured: 5 to 50 ms; the rest is for a machine that others use. */
const WRITE_BACK_MS = 3_000;

const NO_COUNTS: Counts = {
  committed: 0,
  expected: 0,
  arrived: 0,
  lost: 0,
  phantom: 0,
  repeated: 0,
  mayRepeat: 0,
  unexcused: 0,
  disordered: 0,
};

const WORDS = 5;

export interface Checker {
  /** What is committed and not delivered yet. */
  missing(committed: readonly Committed[], arrivals: readonly Arrival[]): string[];
  /** Judges one round; remembers what earlier ones had. Arrivals in the order in which they came. */
  round(committed: readonly Committed[], arrivals: readonly Arrival[], injuries: readonly Injury[]): Verdict;
}

export function createChecker({ subscriptions, slots }: CheckerOptions): Checker {
  const everExpected = new Map<string, string>();
  const eventIds = new Map<string, string>();
  /** When each delivery was last taken by its receiver. */
  const taken = new Map<string, number>();
  const lanes = new Map<string, { rank: number; sequence: number }>();
  const known: Injury[] = [];

  function expectedOf(write: Committed): string[] {
    const types = eventTypesOf(write);
    return subscriptions
      .filter(({ tenantId }) => tenantId === write.tenantId)
      .flatMap(({ path, eventTypes }) =>
        types
          .filter((type) => eventTypes.includes(type))
          .map((type) => keyOf(path, type, write.model, write.recordId, write.version)),
      );
  }

  return {
    missing(committed, arrivals) {
      const got = new Set(arrivals.filter((arrival) => !arrival.refused).map(keyOfArrival));
      return committed.flatMap(expectedOf).filter((key) => !got.has(key) && !taken.has(key));
    },

    round(committed, arrivals, injuries) {
      const counts: Counts = { ...NO_COUNTS, committed: committed.length, arrived: arrivals.length };
      const problems = new Map<string, string[]>();
      const suspects = new Set<string>();
      const complain = (kind: string, what: string) => {
        const words = problems.get(kind) ?? [];
        problems.set(kind, words);
        if (words.length < WORDS) words.push(`${kind}: ${what}`);
      };
      known.push(...injuries);
      const expectedNow: string[] = [];
      for (const write of committed) {
        for (const key of expectedOf(write)) {
          everExpected.set(key, write.token);
          expectedNow.push(key);
        }
      }
      counts.expected = expectedNow.length;
      counts.mayRepeat =
        injuries.reduce((sum, one) => sum + one.killedWorkers, 0) * (slots + UNWRITTEN_BATCH);

      for (const arrival of arrivals) {
        const key = keyOfArrival(arrival);
        const token = everExpected.get(key);
        const sameEvent = eventIds.get(key) ?? arrival.eventId;
        eventIds.set(key, sameEvent);
        if (token !== arrival.token) {
          counts.phantom++;
          complain('phantom', `${key} of write ${arrival.token}; committed was ${token ?? 'nothing'}`);
        } else if (sameEvent !== arrival.eventId) {
          counts.phantom++;
          complain('phantom', `${key} is two events: ${sameEvent} and ${arrival.eventId}`);
        }

        const lane = `${arrival.path} ${arrival.model} ${arrival.recordId}`;
        const rank = rankOf(arrival);
        const last = lanes.get(lane) ?? { rank: -1, sequence: -1 };
        const before = taken.get(key);
        if (rank >= last.rank && arrival.sequence >= last.sequence) {
          lanes.set(lane, { rank, sequence: arrival.sequence });
        } else if (before === undefined || !known.some((injury) => injury.undead)) {
          counts.disordered++;
          if (suspects.size < WORDS) suspects.add(arrival.eventId);
          complain('disordered', `${key} after version ${Math.floor(last.rank / 2)} of its record`);
        }

        if (before !== undefined) {
          counts.repeated++;
          if (!wasInFlight(before, known)) {
            counts.unexcused++;
            if (suspects.size < WORDS) suspects.add(arrival.eventId);
            const age = Math.round(arrival.at - before);
            complain('repeated', `${key} ${age} ms after it was taken, which no kill explains`);
          }
        }
        if (!arrival.refused) taken.set(key, arrival.answeredAt ?? arrival.at);
      }
      const beyond = counts.repeated - counts.unexcused - counts.mayRepeat;
      if (beyond > 0) {
        counts.unexcused += beyond;
        complain('repeated', `${counts.repeated} times; kills excuse ${counts.mayRepeat}`);
      }
      for (const key of expectedNow) {
        if (taken.has(key)) continue;
        counts.lost++;
        complain('lost', key);
      }
      return { counts, problems: [...problems.values()].flat(), suspects: [...suspects] };
    },
  };
}

/** What each kind of write raises, as the catalogue of events says. */
function eventTypesOf({ model, version, statusChanged }: Committed): string[] {
  const name = model === 'work_item' ? 'workitem' : model;
  if (version === 1) return [`${name}_created`];
  return statusChanged && model !== 'customer'
    ? [`${name}_status_changed`, `${name}_updated`]
    : [`${name}_updated`];
}

/** Where an event stands among those of its record; a status change comes before its update. */
function rankOf({ version, eventType }: Arrival): number {
  return version * 2 + (eventType.endsWith('_updated') ? 1 : 0);
}

/**
 * Whether a delivery that was taken at `at` can have been in flight when a worker was killed. Results wait
 * while the database is away, so an outage before the kill lengthens the time.
 */
function wasInFlight(at: number, injuries: readonly Injury[]): boolean {
  return injuries.some((kill) => {
    if (kill.killedWorkers === 0 || at > kill.until) return false;
    let from = kill.from - WRITE_BACK_MS;
    for (const outage of injuries.toReversed()) {
      if (outage.outage && outage.from <= kill.from && outage.until >= from) {
        from = Math.min(from, outage.from - WRITE_BACK_MS);
      }
    }
    return at >= from;
  });
}

function keyOf(path: string, type: string, model: string, recordId: number, version: number): string {
  return `${path} ${type} ${model} ${recordId} v${version}`;
}

function keyOfArrival({ path, eventType, model, recordId, version }: Arrival): string {
  return keyOf(path, eventType, model, recordId, version);
}

export function passed({ lost, phantom, unexcused, disordered }: Counts): boolean {
  return lost + phantom + unexcused + disordered === 0;
}

export function add(a: Counts, b: Counts): Counts {
  const sum = { ...a };
  for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += b[key];
  return sum;
}
