import fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean, suggest } from './did-you-mean.ts';

const known = ['workitem_created', 'workitem_updated', 'task_created'];

test('a typing error finds the name that was meant, and something else finds nothing', () => {
  expect(didYouMean('workitem_craeted', known)).toBe(' Did you mean "workitem_created"?');
  expect(suggest('WORKITEM_UPDATED', known)).toBe('workitem_updated');
  expect(didYouMean('invoice', known)).toBe('');
  expect(suggest('x'.repeat(1_000_000), known)).toBeNull();
});

test('a name with one character changed, lost or added finds itself, whatever it is', () => {
  const names = fc.string({ minLength: 4, maxLength: 40 });
  fc.assert(
    fc.property(names, fc.nat(), fc.constantFrom(0, 1, 2), (name, at, how) => {
      const place = at % name.length;
      const typed = name.slice(0, place) + ['', '_', `${name[place]}_`][how] + name.slice(place + 1);
      expect(suggest(typed, [name])).toBe(name);
    }),
  );
});
