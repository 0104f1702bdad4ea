import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKeyRing } from './key-ring.ts';

const OLD = 'the old key of the tests';
const NEW = Buffer.alloc(32, 7).toString('base64');
const ring = createKeyRing([NEW, OLD]);

test('any text opens as it was sealed, and no two seals are alike', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, context) => {
      const [one, two] = [ring.seal(text, context), ring.seal(text, context)];
      expect(ring.open(one, context)).toBe(text);
      expect(one).not.toBe(two);
    }),
  );
});

test('a seal opens in its own context only', () => {
  const sealed = ring.seal('secret', 'tenant_integrations/1/secrets');
  expect(() => ring.open(sealed, 'tenant_integrations/2/secrets')).toThrow();
});

test('one that was changed in any byte does not open', () => {
  const sealed = ring.seal('secret', 'c');
  const [format, id, text] = sealed.split('.') as [string, string, string];
  const bytes = Buffer.from(text, 'base64');
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index]! ^= 1;
    expect(() => ring.open(`${format}.${id}.${changed.toString('base64')}`, 'c')).toThrow();
  }
  for (const short of ['', 'AAAA', bytes.subarray(0, 20).toString('base64')])
    expect(() => ring.open(`${format}.${id}.${short}`, 'c')).toThrow();
});

test('after a rotation the old seals open and are outdated, until their key is taken away', () => {
  const sealed = createKeyRing([OLD]).seal('secret', 'c');
  expect(ring.open(sealed, 'c')).toBe('secret');
  expect([ring.isOutdated(sealed), ring.isOutdated(ring.seal('secret', 'c'))]).toEqual([true, false]);
  expect(() => createKeyRing([NEW]).open(sealed, 'c')).toThrow(/SECRET_KEY no longer holds/);
});

test('a short key is refused without being shown', () => {
  expect(() => createKeyRing(['short'])).toThrow('got 5');
  expect(() => createKeyRing([])).toThrow(/at least one key/);
});
