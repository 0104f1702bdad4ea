import type { z } from 'zod';

interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  innerType?: z.ZodType;
  in?: z.ZodType;
  element?: z.ZodType;
  valueType?: z.ZodType;
  options?: z.ZodType[];
}

/** The keys that the object at `path` may have, for "did you mean". */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  const [key, ...rest] = path;
  const options = objects(schema);
  if (key === undefined) return [...new Set(options.flatMap((option) => Object.keys(option.shape ?? {})))];
  const value = (input as Record<PropertyKey, unknown> | null | undefined)?.[key];
  const next = options.flatMap(({ shape, element, valueType }) => {
    const inner = shape?.[key as string] ?? element ?? valueType;
    return inner ? [inner] : [];
  });
  return next.flatMap((inner) => knownKeys(inner, rest, value));
}

/** Through optional, nullable, transformed and united schemas to those that have keys or entries. */
function objects(schema: z.ZodType): Definition[] {
  const definition = schema._zod.def as unknown as Definition;
  if (definition.options) return definition.options.flatMap(objects);
  if (definition.innerType) return objects(definition.innerType);
  if (definition.in) return objects(definition.in);
  return [definition];
}
