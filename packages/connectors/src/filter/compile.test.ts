import { ConfigurationError } from '@signalbox/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter } from './compile.ts';

const payload = {
  event_type: 'workitem_status_changed',
  changes: { status: { old: 'New', new: 'Done' } },
  workitem: {
    id: 7,
    title: 'Brake service',
    total: '120.00',
    technician: null,
    tags: ['urgent', 'brakes'],
    due_at: '2026-11-24T10:00:00Z',
    'odd.key': 1,
    tasks: [{ status: 'open' }],
  },
};

describe('a filter passes an event', () => {
  it.each([
    [{}],
    [{ event_type: 'workitem_status_changed' }],
    [{ 'changes.status.new': 'Done' }],
    [{ changes: { status: { old: { $ne: 'Done' }, new: { $in: ['Done', 'Ready'] } } } }],
    [{ 'workitem.total': { $gte: 100, $lt: 120.01 } }],
    [{ 'workitem.due_at': { $lt: '2027-01-01T00:00:00Z' } }],
    [{ 'workitem.technician': null }],
    [{ 'workitem.technician': { $exists: true } }],
    [{ 'workitem.nothing': { $exists: false } }],
    [{ 'workitem.nothing': { $ne: 'x' } }],
    [{ 'workitem.title': { $startsWith: 'Brake', $endsWith: 'service', $contains: 'ke se' } }],
    [{ 'workitem.tags': { $contains: 'urgent' } }],
    [{ 'workitem.tags': { $in: ['brakes'] } }],
    [{ 'workitem.tags': { $nin: ['oil'] } }],
    [{ 'workitem.tags': { $eq: ['urgent', 'brakes'] } }],
    [{ 'workitem.tasks[0].status': 'open' }],
    [{ workitem: { 'odd.key': 1 } }],
    [{ $or: [{ 'workitem.id': 8 }, { 'workitem.id': 7 }] }],
    [{ $and: [{ 'workitem.id': { $gt: 6 } }, { $not: { 'workitem.id': 8 } }] }],
    [{ 'workitem.id': { $not: { $eq: 8 } } }],
  ])('%j', (filter) => {
    expect(compileFilter(filter)(payload)).toBe(true);
  });
});

describe('a filter stops an event', () => {
  it.each([
    [{ 'changes.status.new': 'New' }],
    [{ 'workitem.id': '7' }],
    [{ 'workitem.nothing': null }],
    [{ 'workitem.nothing': { $gt: 0 } }],
    [{ 'workitem.title': { $gt: 5 } }],
    [{ 'workitem.tags.length': 2 }],
    [{ 'workitem.constructor': { $exists: true } }],
    [{ 'workitem.__proto__': { $exists: true } }],
    [{ 'workitem.title.length': { $exists: true } }],
    [{ $or: [{ 'workitem.id': 1 }, { 'workitem.id': 2 }] }],
  ])('%j', (filter) => {
    expect(compileFilter(filter)(payload)).toBe(false);
  });
});

describe('a filter that cannot work names each place', () => {
  it.each([
    [
      { a: { $startWith: 'x' } },
      '/filter/a/$startWith',
      'there is no operator $startWith. Did you mean "$startsWith"?',
    ],
    [{ a: ['x'] }, '/filter/a', 'write {"$in": [...]}'],
    [{ a: { $in: 'x' } }, '/filter/a/$in', 'takes a list'],
    [{ $or: [] }, '/filter/$or', 'not empty'],
    [{ $or: [{ 'b/c': { $gt: null } }] }, '/filter/$or/0/b~1c', 'is not a path'],
    [{ a: { $exists: 'yes' } }, '/filter/a/$exists', 'true or false'],
    ['status', '/filter', 'a filter is an object'],
  ])('%j', (filter, pointer, words) => {
    try {
      compileFilter(filter);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      const { issues } = error as ConfigurationError;
      expect(issues[0]).toMatchObject({ pointer, detail: expect.stringContaining(words) });
    }
  });

  it('reports all of them at once', () => {
    try {
      compileFilter({ a: { $foo: 1 }, b: { $bar: 1 } });
      expect.unreachable();
    } catch (error) {
      expect((error as ConfigurationError).issues).toHaveLength(2);
    }
  });

  it('refuses one that is too deep or too large', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 1000; i++) deep = { a: deep };
    expect(() => compileFilter(deep)).toThrow('deeper than 16 levels');
    expect(() => compileFilter({ $or: Array.from({ length: 600 }, () => ({ a: 1 })) })).toThrow(
      'more than 500',
    );
  });
});

it('a filter never throws on any payload', () => {
  const filter = compileFilter({
    $or: [
      { 'a.b': { $gt: 1 } },
      { a: { $contains: 'x' } },
      { $not: { a: { $in: [1] } } },
      { 'a[0]': { $lte: 'x' } },
    ],
  });
  fc.assert(fc.property(fc.jsonValue(), (value) => typeof filter({ a: value }) === 'boolean'));
});

it('a value passes the filter that asks for it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy = JSON.parse(JSON.stringify(value));
      expect(compileFilter({ a: { $eq: copy } })({ a: value })).toBe(true);
    }),
  );
});
