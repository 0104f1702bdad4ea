/** Nobody mistypes a name of this length, and comparing long texts takes its time. */
const LONGEST = 64;

/**
 * The known name that was probably meant, or null. Two typing errors in a long name and one in a short
 * one are forgiven; a swapped pair of letters counts as one.
 *
 *     suggest('inspekt', ['inspect', 'purge']) // 'inspect'
 */
export function suggest(typed: string, known: Iterable<string>): string | null {
  if (typed.length > LONGEST) return null;
  let best: string | null = null;
  let bestDistance = typed.length <= 4 ? 2 : 3;
  for (const name of known) {
    const distance = editDistance(typed.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean "x"?`, to go after a sentence, or nothing when no known name is near. */
export function didYouMean(typed: string, known: Iterable<string>): string {
  const name = suggest(typed, known);
  return name === null ? '' : ` Did you mean "${name}"?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
