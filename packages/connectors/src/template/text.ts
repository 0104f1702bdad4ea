import { compileExpression, type Expression, ExpressionError } from './expression.ts';
import { toText } from './filters.ts';
import { type Compiler, type Node, wrong } from './node.ts';

/** A text: exactly one expression yields its value with its type, everything else yields text. */
export function compileText(text: string, pointer: string, compiler: Compiler): Node {
  const parts = compileParts(text, pointer, compiler);
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'function') {
    return (scope, budget) => {
      const value = only(scope) ?? null;
      budget.spendValue(value);
      return value;
    };
  }
  return (scope, budget) => {
    let drawn = '';
    budget.spend(2);
    for (const part of parts) {
      const piece = typeof part === 'string' ? part : toText(part(scope));
      budget.spend(piece.length);
      drawn += piece;
    }
    return drawn;
  };
}

/** Texts and expressions in turn. */
function compileParts(text: string, pointer: string, compiler: Compiler): (string | Expression)[] {
  const parts: (string | Expression)[] = [];
  let at = 0;
  for (const match of text.matchAll(/\{\{((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?!\}\})[^"'])*)\}\}/g)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push(expression(match[1]!, pointer, compiler));
    at = match.index + match[0].length;
  }
  const rest = text.slice(at);
  if (rest.includes('{{')) wrong(compiler, pointer, 'a {{ is not closed by }}');
  if (rest) parts.push(rest);
  return parts;
}

/** An expression; a wrong one becomes an issue and yields null. */
export function expression(source: string, pointer: string, compiler: Compiler): Expression {
  try {
    return compileExpression(source);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    wrong(compiler, pointer, error.message);
    return () => null;
  }
}

/** What stands between braces, or the text itself when there are none; null for what is no text. */
export function braceless(source: unknown): string | null {
  if (typeof source !== 'string') return null;
  return /^\s*\{\{([\s\S]*)\}\}\s*$/.exec(source)?.[1] ?? source;
}
