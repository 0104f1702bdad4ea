import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';

/** Seals and opens secrets at rest with AES-256-GCM. */
export interface KeyRing {
  /** Seals with the first key. `context` (table, row, field) is bound: a seal moved elsewhere does not open. */
  seal(plaintext: string, context: string): string;
  /** Opens what any key of the ring has sealed. Throws when none fits, or the context differs. */
  open(sealed: string, context: string): string;
  /** Whether it was sealed with a key that is no longer the first. */
  isOutdated(sealed: string): boolean;
}

const FORMAT = 's1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const MIN_LENGTH = 16;

/**
 * A key ring from `SECRET_KEY`'s parts: `[newest, …older]`. A part is 32 bytes in base64, or any text of
 * at least 16 characters, from which a key is derived. Keys name themselves by a hash, so that the order
 * may change and old seals still find theirs.
 */
export function createKeyRing(secretKeys: readonly string[]): KeyRing {
  if (secretKeys.length === 0) throw new Error('SECRET_KEY must name at least one key');
  const keys = secretKeys.map((text) => {
    const key = toKey(text);
    return { id: createHash('sha256').update('key id').update(key).digest('hex').slice(0, 8), key };
  });
  const first = keys[0]!;
  const byId = new Map(keys.map((entry) => [entry.id, entry.key]));

  return {
    seal(plaintext, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first.key, iv).setAAD(Buffer.from(context));
      const bytes = Buffer.concat([
        iv,
        cipher.update(plaintext, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return `${FORMAT}.${first.id}.${bytes.toString('base64')}`;
    },
    open(sealed, context) {
      const [format, id, text] = sealed.split('.');
      const key = id && byId.get(id);
      if (format !== FORMAT || !text)
        throw new Error('a stored secret is not in a format that this version knows');
      if (!key) {
        throw new Error(
          `a stored secret was sealed with key ${id}, which SECRET_KEY no longer holds; add the old key`,
        );
      }
      const bytes = Buffer.from(text, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return (
        decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    },
    isOutdated: (sealed) => sealed.split('.')[1] !== first.id,
  };
}

function toKey(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (/^[A-Za-z0-9+/]{43}=$/.test(text) && bytes.length === 32) return bytes;
  if (text.length < MIN_LENGTH) {
    throw new Error(
      `SECRET_KEY must be 32 bytes in base64 or at least ${MIN_LENGTH} characters, got ${text.length}`,
    );
  }
  return scryptSync(text, 'signalbox', 32);
}
