import { suggest } from '../config/suggest.ts';

/** Nobody mistypes a name of this length, and comparing long texts takes its time. */
const LONGEST = 64;

/** ` Did you mean "description"?` when one of `known` is close to what came, else nothing. */
export function didYouMean(given: string, known: readonly string[]): string {
  const name = given.length > LONGEST ? null : suggest(given, known);
  return name === null ? '' : ` Did you mean "${name}"?`;
}
