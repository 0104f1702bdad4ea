import { expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import { createFilterCache, type Subscription } from './subscriptions.ts';

const subscription = (filter: unknown, version = 1) => ({ id: 1, version, filter }) as Subscription;

test('a filter that does not compile, or throws, lets its event pass', () => {
  const filterOf = createFilterCache((filter) => {
    if (filter === 'broken') throw new Error('no filter of this version');
    return () => {
      throw new Error('no such path');
    };
  }, silentLogger);
  expect(filterOf(subscription('broken'))?.({})).toBe(true);
  expect(filterOf(subscription('throws', 2))?.({})).toBe(true);
  expect(filterOf(subscription(null, 3))).toBeNull();
});

test('a filter is compiled once a version', () => {
  let compiled = 0;
  const filterOf = createFilterCache(() => {
    compiled++;
    return () => false;
  }, silentLogger);
  for (const version of [1, 1, 2, 2, 2]) expect(filterOf(subscription({}, version))?.({})).toBe(false);
  expect(compiled).toBe(2);
});
