import { createHash, randomBytes } from 'node:crypto';

/** `sbx_<12 hex>_<43 base64url>`: what it is, what finds it, and 256 random bits. */
const SHAPE = /^sbx_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

export interface KeyText {
  text: string;
  prefix: string;
  lastFour: string;
  hash: Buffer;
}

export function generateKey(): KeyText {
  return parseKey(`sbx_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`)!;
}

/** Null when the text cannot be a key. */
export function parseKey(text: string): KeyText | null {
  const prefix = SHAPE.exec(text)?.[1];
  if (!prefix) return null;
  // No salt and no slow hash: 256 random bits cannot be guessed, and every request hashes.
  const hash = createHash('sha256').update(text).digest();
  return { text, prefix, lastFour: text.slice(-4), hash };
}
