/** ` Did you mean "description"?` when one of `known` is close to what came, else nothing. */
export function didYouMean(given: string, known: readonly string[]): string {
  let best: string | undefined;
  let least = (given.length < 4 ? 1 : Math.max(2, Math.floor(given.length / 3))) + 1;
  if (given.length > 64) return '';
  for (const name of known) {
    const far = distance(given.toLowerCase(), name.toLowerCase());
    if (far < least) [best, least] = [name, far];
  }
  return best ? ` Did you mean "${best}"?` : '';
}

/** Edits (insert, delete, replace) between two short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
