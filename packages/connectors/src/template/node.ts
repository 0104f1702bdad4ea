import type { ConfigurationIssue } from '@signalbox/engine';
import type { Budget } from './limits.ts';

/** Draws one node of a template; {@link omitted} drops it from its list or object. */
export type Node = (scope: unknown, budget: Budget) => unknown;

export const omitted = Symbol('omitted');

/** What the parts of the compiler share. */
export interface Compiler {
  issues: ConfigurationIssue[];
  nodes: number;
  /** Compiles any template, for parts that hold others. */
  compile(template: unknown, pointer: string, depth: number): Node;
}

/** Notes an issue; the node in its place draws nothing. */
export function wrong(compiler: Compiler, pointer: string, detail: string): Node {
  compiler.issues.push({ pointer, detail });
  return nothing;
}

export const nothing: Node = () => null;

/** Assignment that makes `__proto__` a key like any other. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key !== '__proto__') (object as Record<string, unknown>)[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A key as part of a JSON pointer (RFC 6901). */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
