import { expect, test } from 'vitest';
import type { Arrival } from './arrivals.ts';
import { type Committed, createChecker, type Injury, passed, UNWRITTEN_BATCH } from './check.ts';

// A judge that cannot find anything proves nothing: every kind of damage is shown to it.

const subscriptions = [
  { path: 'a', tenantId: 1, eventTypes: ['workitem_created', 'workitem_updated'] },
  { path: 'b', tenantId: 2, eventTypes: ['workitem_created', 'workitem_updated'] },
];
const checker = () => createChecker({ subscriptions, slots: 2 });

const write = (version: number, over: Partial<Committed> = {}): Committed => ({
  tenantId: 1,
  model: 'work_item',
  recordId: 7,
  version,
  token: `w${version}`,
  statusChanged: false,
  ...over,
});

const arrival = (version: number, over: Partial<Arrival> = {}): Arrival => ({
  path: 'a',
  at: version * 100,
  answeredAt: version * 100 + 1,
  refused: false,
  eventId: `e${version}`,
  eventType: version === 1 ? 'workitem_created' : 'workitem_updated',
  tenantId: 1,
  model: 'work_item',
  recordId: 7,
  version,
  token: `w${version}`,
  sequence: version,
  ...over,
});

const kill = (from: number, over: Partial<Injury> = {}): Injury => ({
  name: 'kill',
  from,
  until: from + 10,
  killedWorkers: 1,
  outage: false,
  ...over,
});

test('everything delivered once and in order passes', () => {
  const { counts, problems } = checker().round([write(1), write(2)], [arrival(1), arrival(2)], []);
  expect(problems).toEqual([]);
  expect(passed(counts)).toBe(true);
  expect(counts).toMatchObject({ committed: 2, expected: 2, arrived: 2, repeated: 0 });
});

test('a commit that did not arrive is lost, and so is one that the receiver only refused', () => {
  expect(checker().round([write(1), write(2)], [arrival(1)], []).counts.lost).toBe(1);
  const refused = arrival(2, { refused: true });
  expect(checker().round([write(1), write(2)], [arrival(1), refused], []).counts.lost).toBe(1);
});

test('a delivery of a write that was rolled back is a phantom', () => {
  expect(checker().round([write(1)], [arrival(1), arrival(2)], []).counts.phantom).toBe(1);
  const otherWrite = arrival(2, { token: 'rolled back' });
  expect(checker().round([write(1), write(2)], [arrival(1), otherWrite], []).counts.phantom).toBe(1);
});

test('a delivery to another tenant and an event raised twice are phantoms', () => {
  expect(checker().round([write(1)], [arrival(1), arrival(1, { path: 'b' })], []).counts.phantom).toBe(1);
  const twice = arrival(1, { eventId: 'another', at: 105 });
  expect(checker().round([write(1)], [arrival(1), twice], [kill(103)]).counts.phantom).toBe(1);
});

test('an earlier version after a later one is out of order, also over rounds', () => {
  const swapped = [arrival(2), arrival(1)];
  expect(checker().round([write(1), write(2)], swapped, []).counts.disordered).toBe(1);
  const judge = checker();
  judge.round([write(1), write(2)], [arrival(1), arrival(2)], []);
  expect(judge.round([], [arrival(1, { at: 300 })], [kill(200)]).counts.disordered).toBe(1);
});

test('a repeat is excused by a kill just after it was taken, and by nothing else', () => {
  const again = [arrival(1), arrival(1, { at: 10_000 })];
  expect(checker().round([write(1)], again, []).counts.unexcused).toBe(1);
  expect(checker().round([write(1)], again, [kill(150)]).counts.unexcused).toBe(0);
  expect(checker().round([write(1)], again, [kill(9_000)]).counts.unexcused).toBe(1);
  expect(checker().round([write(1)], again, [kill(150, { killedWorkers: 0 })]).counts.unexcused).toBe(1);
  const outage = kill(90, { killedWorkers: 0, outage: true, until: 8_500 });
  expect(checker().round([write(1)], again, [outage, kill(9_000)]).counts.unexcused).toBe(0);
});

test('a try after a refusal is no repeat', () => {
  const { counts } = checker().round([write(1)], [arrival(1, { refused: true }), arrival(1)], []);
  expect(counts.repeated).toBe(0);
  expect(passed(counts)).toBe(true);
});

test('more repeats than a killed worker can have had in hand are too many', () => {
  const many = 2 + UNWRITTEN_BATCH + 1;
  const writes = Array.from({ length: many }, (_, index) => write(1, { recordId: index }));
  const once = writes.map(({ recordId }) => arrival(1, { recordId, eventId: `e${recordId}` }));
  const twice = once.map((one) => ({ ...one, at: 500 }));
  expect(checker().round(writes, [...once, ...twice], [kill(150)]).counts).toMatchObject({
    repeated: many,
    unexcused: 1,
  });
});
