/**
 * Applies a block such as
 *
 *      a line that is there
 *     -a line that goes
 *     +a line that comes
 *
 * where it fits; throws when it fits nowhere, or in two places. Without line numbers, because people read it.
 */
export function applyDiff(source: string, diff: string, where: string): string {
  const lines = diff.replace(/\n$/, '').split('\n');
  const before = lines.filter((line) => !line.startsWith('+')).map(withoutSign);
  const after = lines.filter((line) => !line.startsWith('-')).map(withoutSign);
  const present = source.split('\n');
  const places = present.flatMap((_, at) =>
    before.every((line, i) => present[at + i] === line) ? [at] : [],
  );
  if (places.length !== 1) {
    throw new Error(`${where} fits in ${places.length} places of its file:\n${before.join('\n')}`);
  }
  return present.toSpliced(places[0]!, before.length, ...after).join('\n');
}

function withoutSign(line: string): string {
  return line.slice(1);
}
