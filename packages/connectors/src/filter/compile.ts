import { ConfigurationError, type ConfigurationIssue, didYouMean } from '@signalbox/engine';
import { ownValue, parsePath, valueAt } from '../support/path.ts';
import { operators, same } from './operators.ts';

/** Whether an event passes. Pure; never throws on any payload. */
export type Filter = (payload: unknown) => boolean;

/** Levels of nesting in a filter. */
export const maxFilterDepth = 16;
/** Conditions in a filter. */
export const maxFilterConditions = 500;

/**
 * Compiles a JSON filter. Keys are paths into the payload, dotted or nested; a plain value means equality; all keys must
 * hold. Operators: `$eq $ne $in $nin $gt $gte $lt $lte $exists $startsWith $endsWith $contains`, and `$and $or $not`
 * over filters. Numbers compare with decimal text (`"120.00"`), texts with texts (times in RFC 3339 compare rightly).
 * `null` is a value that exists. An empty filter passes everything.
 *
 * @example
 * compileFilter({ 'changes.status.new': 'Done', workitem: { total: { $gte: 100 } } })
 * @throws {@link ConfigurationError} on `filter`, with every issue and its pointer
 */
export function compileFilter(filter: unknown): Filter {
  const compiler = { issues: [] as ConfigurationIssue[], conditions: 0 };
  const test = compileObject(filter, '/filter', 1, compiler);
  const [first] = compiler.issues;
  if (first) throw new ConfigurationError('filter', `${first.pointer}: ${first.detail}`, compiler.issues);
  return test;
}

interface Compiler {
  issues: ConfigurationIssue[];
  conditions: number;
}

function compileObject(filter: unknown, pointer: string, depth: number, compiler: Compiler): Filter {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    return wrong(compiler, pointer, 'a filter is an object, such as {"workitem.status": "Done"}');
  }
  if (depth > maxFilterDepth) return wrong(compiler, pointer, `deeper than ${maxFilterDepth} levels`);
  const tests = Object.entries(filter).map(([key, condition]) => {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (++compiler.conditions === maxFilterConditions + 1) {
      return wrong(compiler, pointer, `more than ${maxFilterConditions} conditions`);
    }
    if (compiler.conditions > maxFilterConditions) return never;
    return key.startsWith('$')
      ? compileOperator(key, condition, at, depth, compiler)
      : compilePath(key, condition, at, depth, compiler);
  });
  return tests.length === 1 ? tests[0]! : (value) => tests.every((test) => test(value));
}

function compileOperator(
  name: string,
  operand: unknown,
  at: string,
  depth: number,
  compiler: Compiler,
): Filter {
  if (name === '$not') {
    const test = compileCondition(operand, at, depth, compiler);
    return (value) => !test(value);
  }
  if (name === '$and' || name === '$or') {
    if (!Array.isArray(operand) || operand.length === 0) {
      return wrong(compiler, at, `${name} takes a list of filters that is not empty`);
    }
    const tests = operand.map((one, i) => compileCondition(one, `${at}/${i}`, depth, compiler));
    return name === '$and'
      ? (value) => tests.every((test) => test(value))
      : (value) => tests.some((test) => test(value));
  }
  const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
  if (!operator) {
    const known = [...Object.keys(operators), '$and', '$or', '$not'];
    return wrong(compiler, at, `there is no operator ${name}.${didYouMean(name, known)}`);
  }
  const problem = operator.check(operand);
  if (problem) return wrong(compiler, at, `${name} ${problem}`);
  return (value) => operator.test(value, operand as never);
}

function compilePath(key: string, condition: unknown, at: string, depth: number, compiler: Compiler): Filter {
  const path = parsePath(key);
  if (!path) return wrong(compiler, at, `"${key}" is not a path such as workitem.customer.name`);
  const test = compileCondition(condition, at, depth, compiler);
  return (value) => test(ownValue(value, key) ?? valueAt(value, path));
}

function compileCondition(condition: unknown, at: string, depth: number, compiler: Compiler): Filter {
  if (Array.isArray(condition)) {
    return wrong(
      compiler,
      at,
      'a list is not a condition; write {"$in": [...]}, or {"$eq": [...]} for the very list',
    );
  }
  if (typeof condition === 'object' && condition !== null)
    return compileObject(condition, at, depth + 1, compiler);
  return (value) => same(value, condition);
}

function wrong(compiler: Compiler, pointer: string, detail: string): Filter {
  compiler.issues.push({ pointer, detail });
  return never;
}

const never: Filter = () => false;
