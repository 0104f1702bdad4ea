import { ConfigurationError, didYouMean } from '@signalbox/engine';
import { compileEach, compileIf } from './directives.ts';
import { Budget, LimitExceeded, limits } from './limits.ts';
import { type Compiler, escapePointer, type Node, nothing, omitted, setOwn, wrong } from './node.ts';
import { compileText } from './text.ts';

/** A compiled template. */
export interface Template {
  /** Renders a payload. Never throws; the JSON is valid and within 256 KiB, or there is a reason why not. */
  render(data: unknown): Rendered;
}

export type Rendered = { ok: true; value: unknown; json: string } | { ok: false; detail: string };

/**
 * Compiles a template: JSON whose texts may hold `{{ path | filter:arg }}`. A text that is exactly one expression
 * yields the value with its type, otherwise text; a missing value is null, or nothing inside text. Two objects are
 * special:
 *
 * - `{"$if": C, "$then": T, "$else": T}`: C is an expression (missing, null, false, 0, "" and [] are false) or a filter
 *   object. Without `$else` the part is left out.
 * - `{"$each": "path", "$as": "item", "$do": T}`: a list of T with `item` and `index` set. Inside a list its elements
 *   are put in place.
 *
 * A key that starts with `$$` stands for one with `$`. Only own properties are read. Limits: {@link limits}.
 *
 * @example
 * compileTemplate({ text: 'New: {{ workitem.title | upper }}', id: '{{ workitem.id }}' })
 * @throws {@link ConfigurationError} on `template`, with every issue and its pointer
 */
export function compileTemplate(template: unknown): Template {
  const compiler: Compiler = {
    issues: [],
    nodes: 0,
    compile: (inner, pointer, depth) => compileNode(inner, pointer, depth, compiler),
  };
  const root = compileNode(template, '/template', 1, compiler);
  const [first] = compiler.issues;
  if (first) throw new ConfigurationError('template', `${first.pointer}: ${first.detail}`, compiler.issues);
  return { render: (data) => render(root, data) };
}

function render(root: Node, data: unknown): Rendered {
  try {
    const drawn = root(data, new Budget());
    const value = drawn === omitted ? null : drawn;
    const json = JSON.stringify(value) ?? 'null';
    if (Buffer.byteLength(json) > limits.outputBytes) {
      return { ok: false, detail: `the rendered template is larger than ${limits.outputBytes / 1024} KiB` };
    }
    return { ok: true, value, json };
  } catch (error) {
    if (error instanceof LimitExceeded) return { ok: false, detail: error.message };
    return {
      ok: false,
      detail: `the template cannot be rendered with this event: ${(error as Error).message}`,
    };
  }
}

function compileNode(template: unknown, pointer: string, depth: number, compiler: Compiler): Node {
  if (depth > limits.depth) {
    return wrong(compiler, pointer, `deeper than ${limits.depth} levels; a template cannot contain itself`);
  }
  if (++compiler.nodes > limits.nodes) {
    return compiler.nodes === limits.nodes + 1
      ? wrong(compiler, pointer, `more than ${limits.nodes} parts`)
      : nothing;
  }
  if (typeof template === 'string') return compileText(template, pointer, compiler);
  if (Array.isArray(template)) return compileList(template, pointer, depth, compiler);
  if (typeof template === 'object' && template !== null) {
    const record = template as Record<string, unknown>;
    if (Object.hasOwn(record, '$each')) return compileEach(record, pointer, depth, compiler);
    if (Object.hasOwn(record, '$if')) return compileIf(record, pointer, depth, compiler);
    return compileObject(record, pointer, depth, compiler);
  }
  if (template !== null && !['number', 'boolean'].includes(typeof template)) {
    return wrong(compiler, pointer, 'a template is JSON');
  }
  return (_, budget) => {
    budget.spend(1);
    return template;
  };
}

function compileList(template: unknown[], pointer: string, depth: number, compiler: Compiler): Node {
  const items = template.map((item, i) => ({
    draw: compileNode(item, `${pointer}/${i}`, depth + 1, compiler),
    spliced: typeof item === 'object' && item !== null && Object.hasOwn(item, '$each'),
  }));
  return (scope, budget) => {
    budget.spend(2);
    const list: unknown[] = [];
    for (const { draw, spliced } of items) {
      const value = draw(scope, budget);
      if (spliced) for (const one of value as unknown[]) list.push(one);
      else if (value !== omitted) list.push(value);
    }
    return list;
  };
}

function compileObject(
  template: Record<string, unknown>,
  pointer: string,
  depth: number,
  compiler: Compiler,
): Node {
  const entries = Object.entries(template).map(([key, value]) => {
    const at = `${pointer}/${escapePointer(key)}`;
    if (key.startsWith('$') && !key.startsWith('$$')) {
      wrong(
        compiler,
        at,
        `there is no ${key}.${didYouMean(key, ['$if', '$each'])} Write $${key} for a key of that name`,
      );
    }
    const name = key.startsWith('$$') ? key.slice(1) : key;
    return { name, draw: compileNode(value, at, depth + 1, compiler) };
  });
  return (scope, budget) => {
    budget.spend(2);
    const object: Record<string, unknown> = {};
    for (const { name, draw } of entries) {
      budget.spend(name.length + 3);
      const value = draw(scope, budget);
      if (value !== omitted) setOwn(object, name, value);
    }
    return object;
  };
}
