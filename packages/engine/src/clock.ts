/**
 * Time as a parameter. `now` dates what this process does. `forStatement` is what statements get: null
 * lets the database's clock decide, so that machines whose clocks differ agree on what is due.
 */
export interface Clock {
  now(): Date;
  forStatement(): Date | null;
}

export const systemClock: Clock = { now: () => new Date(), forStatement: () => null };

/** A clock that stands still until it is moved; for tests. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function createManualClock(start: Date): ManualClock {
  let time = start.getTime();
  return {
    now: () => new Date(time),
    forStatement: () => new Date(time),
    advance(ms) {
      time += ms;
    },
  };
}
