import { Problem } from './problems.ts';

/** Where a page ends, for people an opaque text: base64url of JSON. It is bound to its list. */
export function encodeCursor(list: string, position: number | string): string {
  return Buffer.from(JSON.stringify({ list, after: position })).toString('base64url');
}

/** Throws `invalid-cursor` for whatever {@link encodeCursor} did not make for this list. */
export function decodeCursor(list: string, cursor: string | undefined): number | string | undefined {
  if (cursor === undefined) return undefined;
  const decoded = parse(cursor);
  if (decoded?.list !== list) {
    throw new Problem('invalid-cursor', `Use the text of page.next as it came from this list (${list}).`);
  }
  return decoded.after;
}

export function decodeIdCursor(list: string, cursor: string | undefined): number | undefined {
  const after = decodeCursor(list, cursor);
  if (after === undefined || (Number.isSafeInteger(after) && Number(after) >= 0))
    return after as number | undefined;
  throw new Problem('invalid-cursor', `Use the text of page.next as it came from this list (${list}).`);
}

function parse(cursor: string): { list: string; after: number | string } | null {
  try {
    const value = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const kind = typeof value?.after;
    return typeof value?.list === 'string' && (kind === 'number' || kind === 'string') ? value : null;
  } catch {
    return null;
  }
}
