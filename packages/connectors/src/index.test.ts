import { expect, it } from 'vitest';
import { connectors, findConnector } from './index.ts';

it('every connector is found by its name, and names are unique', () => {
  for (const connector of connectors) expect(findConnector(connector.name)).toBe(connector);
  expect(new Set(connectors.map(({ name }) => name)).size).toBe(connectors.length);
  expect(findConnector('telepathy')).toBeUndefined();
});
