/** A path into JSON: names and list positions. */
export type Path = readonly string[];

/** Reads `workitem.customer.name`, `items.0.name` or `items[0].name`; null when it is no path. */
export function parsePath(text: string): Path | null {
  const dotted = text.replace(/\[(\d+)\]/g, '.$1');
  const parts = dotted.split('.');
  return parts.length <= 32 &&
    parts.every((part) => /^[\p{L}\p{N}_$@ -]+$/u.test(part) && part.trim() === part)
    ? parts
    : null;
}

/** The value of an own property or list element; undefined for everything else, prototypes included. */
export function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return /^\d+$/.test(key) ? value[Number(key)] : undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** The value at a path; undefined where it leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    current = ownValue(current, key);
    if (current === undefined) return undefined;
  }
  return current;
}
