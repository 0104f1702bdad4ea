type AsyncCode = (...values: unknown[]) => Promise<unknown>;
const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => AsyncCode;

/** Runs an expression, or statements with `return`, with these names. Promises are awaited. */
export async function evaluate(code: string, names: Record<string, unknown>): Promise<unknown> {
  return compile(code, Object.keys(names))(...Object.values(names));
}

function compile(code: string, names: string[]): AsyncCode {
  try {
    return new AsyncFunction(...names, `return (${code}\n);`);
  } catch {
    return new AsyncFunction(...names, code);
  }
}
