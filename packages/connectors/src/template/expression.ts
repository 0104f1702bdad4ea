import { didYouMean } from '@signalbox/engine';
import { parsePath, valueAt } from '../support/path.ts';
import { type Argument, filters, type TemplateFilter } from './filters.ts';
import { limits } from './limits.ts';

/** What stands between `{{` and `}}`, ready to be evaluated. Pure. */
export type Expression = (scope: unknown) => unknown;

/** Says why an expression cannot work. */
export class ExpressionError extends Error {}

type Token =
  | { kind: 'literal'; value: Argument }
  | { kind: 'word'; text: string }
  | { kind: 'sign'; text: string };

/**
 * Compiles `path | filter:arg,arg | filter`. The head is a path or a literal; arguments are literals: text in either
 * quotes, numbers, true, false, null.
 *
 * @throws {@link ExpressionError}
 */
export function compileExpression(source: string): Expression {
  const [head, ...stages] = splitStages(tokenize(source));
  if (!head || head.length === 0) throw new ExpressionError('there is nothing between {{ and }}');
  if (stages.length > limits.filters) throw new ExpressionError(`more than ${limits.filters} filters`);
  const start = compileHead(head);
  const steps = stages.map(compileStage);
  return (scope) => {
    let value = start(scope);
    for (const { filter, args } of steps) value = filter.apply(value, ...args);
    return value;
  };
}

function compileHead(tokens: Token[]): Expression {
  const [first] = tokens;
  if (tokens.length === 1 && first?.kind === 'literal') return () => first.value;
  const text = tokens.map((token) => ('text' in token ? token.text : JSON.stringify(token.value))).join(' ');
  const path = tokens.length === 1 && first?.kind === 'word' ? parsePath(text) : null;
  if (!path) throw new ExpressionError(`"${text}" is not a path such as workitem.customer.name`);
  return (scope) => valueAt(scope, path);
}

function compileStage(tokens: Token[]): { filter: TemplateFilter; args: Argument[] } {
  const [name, ...rest] = tokens;
  if (name?.kind !== 'word') throw new ExpressionError('after | comes the name of a filter');
  const filter = Object.hasOwn(filters, name.text) ? filters[name.text] : undefined;
  if (!filter) {
    throw new ExpressionError(
      `there is no filter ${name.text}.${didYouMean(name.text, Object.keys(filters))}`,
    );
  }
  const args = compileArguments(name.text, rest);
  const required = filter.args.filter((arg) => !arg.endsWith('?')).length;
  if (args.length < required || args.length > filter.args.length) {
    const takes = filter.args.length === 0 ? 'nothing' : filter.args.join(', ');
    throw new ExpressionError(`${name.text} takes ${takes}; got ${args.length} arguments`);
  }
  const problem = filter.check?.(...args);
  if (problem) throw new ExpressionError(`${name.text} ${problem}`);
  return { filter, args };
}

/** `:` literal, then `,` literal as often as wanted. */
function compileArguments(name: string, tokens: Token[]): Argument[] {
  const args: Argument[] = [];
  for (let i = 0; i < tokens.length; i += 2) {
    const sign = tokens[i];
    const value = tokens[i + 1];
    if (sign?.kind !== 'sign' || sign.text !== (i === 0 ? ':' : ',') || value?.kind !== 'literal') {
      throw new ExpressionError(`arguments are written ${name}:"text",2 (texts in quotes)`);
    }
    args.push(value.value);
  }
  return args;
}

function splitStages(tokens: Token[]): Token[][] {
  const stages: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'sign' && token.text === '|') stages.push([]);
    else stages.at(-1)!.push(token);
  }
  return stages;
}

const tokenPattern =
  /\s*(?:("(?:[^"\\]|\\.)*")|('(?:[^'\\]|\\.)*')|([|:,])|(-?\d+(?:\.\d+)?)(?![\w.])|([\p{L}\p{N}_$@.[\]-]+)|(\S))/uy;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const text = source.trim();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const match = tokenPattern.exec(text);
    if (!match) break;
    const [, double, single, sign, number, word, other] = match;
    if (other !== undefined) throw new ExpressionError(`${other} is not expected here`);
    if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else if (word !== undefined) tokens.push(toWord(word));
    else if (number !== undefined) tokens.push({ kind: 'literal', value: Number(number) });
    else tokens.push({ kind: 'literal', value: unquote(double ?? single ?? '') });
  }
  return tokens;
}

function toWord(text: string): Token {
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
  return text === 'null' ? { kind: 'literal', value: null } : { kind: 'word', text };
}

function unquote(text: string): string {
  return text
    .slice(1, -1)
    .replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
