import type { ConfigurationError } from '@signalbox/engine';
import { didYouMean } from '@signalbox/engine';
import { compileFilter, type Filter } from '../filter/compile.ts';
import { chargeWork } from './limits.ts';
import { type Compiler, escapePointer, type Node, omitted, setOwn, wrong } from './node.ts';
import { braceless, expression } from './text.ts';

/** `{"$if": condition, "$then": template, "$else": template}`. */
export function compileIf(
  template: Record<string, unknown>,
  pointer: string,
  depth: number,
  compiler: Compiler,
): Node {
  checkKeys(template, ['$if', '$then', '$else'], ['$then'], pointer, compiler);
  const test = compileCondition(template.$if, `${pointer}/$if`, compiler);
  const then = compiler.compile(template.$then ?? null, `${pointer}/$then`, depth + 1);
  const otherwise = Object.hasOwn(template, '$else')
    ? compiler.compile(template.$else, `${pointer}/$else`, depth + 1)
    : () => omitted;
  return (scope, budget) => {
    chargeWork(100);
    return test(scope) ? then(scope, budget) : otherwise(scope, budget);
  };
}

/** `{"$each": "path", "$as": "item", "$do": template}`. */
export function compileEach(
  template: Record<string, unknown>,
  pointer: string,
  depth: number,
  compiler: Compiler,
): Node {
  checkKeys(template, ['$each', '$as', '$do'], ['$do'], pointer, compiler);
  const source = braceless(template.$each);
  const list = expression(source ?? '', `${pointer}/$each`, compiler);
  const name = template.$as ?? 'item';
  if (typeof name !== 'string' || !/^[A-Za-z_]\w*$/.test(name)) {
    return wrong(compiler, `${pointer}/$as`, '$as takes a name such as "task"');
  }
  const draw = compiler.compile(template.$do ?? null, `${pointer}/$do`, depth + 1);
  return (scope, budget) => {
    const found = list(scope);
    const values = Array.isArray(found) ? found : [];
    const drawn: unknown[] = [];
    for (let index = 0; index < values.length; index++) {
      budget.round();
      const inner = { ...(scope as object), index };
      setOwn(inner, name, values[index]);
      const value = draw(inner, budget);
      if (value !== omitted) drawn.push(value);
    }
    return drawn;
  };
}

/** An expression with or without braces, or a filter object. */
function compileCondition(condition: unknown, pointer: string, compiler: Compiler): Filter {
  if (typeof condition === 'object' && condition !== null) {
    try {
      return compileFilter(condition);
    } catch (error) {
      for (const issue of (error as ConfigurationError).issues ?? []) {
        wrong(compiler, pointer + issue.pointer.slice('/filter'.length), issue.detail);
      }
      return () => false;
    }
  }
  const test = expression(braceless(condition) ?? '', pointer, compiler);
  return (scope) => {
    const value = test(scope);
    return Array.isArray(value) ? value.length > 0 : Boolean(value);
  };
}

function checkKeys(
  template: Record<string, unknown>,
  known: string[],
  required: string[],
  pointer: string,
  compiler: Compiler,
): void {
  for (const key of Object.keys(template)) {
    if (known.includes(key)) continue;
    wrong(
      compiler,
      `${pointer}/${escapePointer(key)}`,
      `${known[0]} does not take ${key}.${didYouMean(key, known)}`,
    );
  }
  for (const key of required) {
    if (!Object.hasOwn(template, key)) wrong(compiler, pointer, `${known[0]} needs ${key}`);
  }
}
