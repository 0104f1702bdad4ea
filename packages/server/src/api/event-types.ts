import type { Catalogue } from '@signalbox/engine';
import { didYouMean } from '@signalbox/engine';
import { type FieldError, invalidBody } from './problems.ts';

/** Refuses event types that no trigger raises, each by its place in the list. */
export function checkEventTypes(
  catalogue: Catalogue,
  names: readonly string[] | undefined,
  at = '/event_types',
): void {
  const known = catalogue.eventTypes.map((type) => type.name);
  const errors = (names ?? []).flatMap((name, index): FieldError[] => {
    if (name === '*' || catalogue.find(name)) return [];
    const hint = didYouMean(name, known) || ` Known are: ${known.join(', ')}.`;
    const pointer = at === '/event_types' ? `${at}/${index}` : at;
    return [{ pointer, detail: `must be a known event type, got ${JSON.stringify(name)}.${hint}` }];
  });
  if (errors.length > 0) throw invalidBody(errors);
}
