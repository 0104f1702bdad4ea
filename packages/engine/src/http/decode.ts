/**
 * Text of a response body. Never throws: an unknown charset is read as UTF-8, a broken sequence becomes U+FFFD, as
 * does NUL (Postgres cannot store it). A compressed body, which nobody asked for, becomes a note of its size.
 */
export function decodeBody(chunks: Buffer[], headers: Record<string, string>): string {
  if (chunks.length === 0) return '';
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  const encoding = headers['content-encoding'];
  if (encoding && encoding !== 'identity') return `[${bytes.length} bytes, content-encoding ${encoding}]`;
  const text = decode(bytes, charsetOf(headers['content-type']));
  const stripped = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return stripped.includes('\0') ? stripped.replaceAll('\0', '\ufffd') : stripped;
}

function charsetOf(contentType: string | undefined): string | null {
  if (!contentType) return null;
  const at = contentType.toLowerCase().indexOf('charset=');
  if (at < 0) return null;
  const label = /^["']?([^"';,\s]+)/.exec(contentType.slice(at + 8))?.[1];
  return label && !/^utf-?8$/i.test(label) ? label : null;
}

function decode(bytes: Buffer, charset: string | null): string {
  if (charset === null) return bytes.toString('utf8');
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}
