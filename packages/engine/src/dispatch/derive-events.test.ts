import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExactly } from '../sql.ts';
import { defineTrigger } from '../trigger.ts';
import { changedColumns, eventTypesOf } from './derive-events.ts';

const trigger = defineTrigger<{ status: string; v: unknown; updated_at: string }>({
  model: 'thing',
  table: 'things',
  label: 'Thing',
  ignore: ['updated_at'],
  events: {
    thing_created: { on: 'create', description: '' },
    thing_status_changed: { on: 'update', columns: ['status'], description: '' },
    thing_updated: { on: 'update', description: '' },
  },
  schema: {},
  sample: {},
  payload: async () => [],
});
const update = (old: Record<string, unknown>, now: Record<string, unknown>) => {
  const change = { operation: 'update' as const, old, new: now };
  return eventTypesOf(trigger, change, changedColumns(trigger, change));
};

test('an insert is a creation; a change of status is that and an update, in the order of declaration', () => {
  const row = { status: 'New', v: 1, updated_at: 'a' };
  expect(eventTypesOf(trigger, { operation: 'insert', old: null, new: row }, [])).toEqual(['thing_created']);
  expect(update(row, { ...row, status: 'Done' })).toEqual(['thing_status_changed', 'thing_updated']);
  expect(update(row, { ...row, v: 2 })).toEqual(['thing_updated']);
  expect(update(row, { ...row, updated_at: 'b' })).toEqual([]);
});

test('a column is changed when its JSON differs, and only then', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const row = { status: 'New', updated_at: '' };
      const isSame = JSON.stringify(a) === JSON.stringify(b);
      expect(update({ ...row, v: a }, { ...row, v: b })).toEqual(isSame ? [] : ['thing_updated']);
    }),
  );
});

test('64-bit numbers that differ in the last digit differ', () => {
  const row = (v: string) => parseExactly(`{"status":"New","v":${v}}`) as Record<string, unknown>;
  expect(row('9007199254740993').v).toBe('9007199254740993');
  expect(update(row('9223372036854775806'), row('9223372036854775807'))).toEqual(['thing_updated']);
  expect(row('-12').v).toBe(-12);
  expect(row('12345678901234567.25').v).toBe(12345678901234568);
  expect(row('"9007199254740993"').v).toBe('9007199254740993');
});
