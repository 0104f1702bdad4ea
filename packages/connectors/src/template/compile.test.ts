import { ConfigurationError } from '@signalbox/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTemplate } from './compile.ts';
import { filters } from './filters.ts';

const payload = {
  event_type: 'workitem_updated',
  changes: { status: { old: 'New', new: 'Done' }, title: { old: 'a', new: 'b' } },
  workitem: {
    id: 7,
    title: 'Brake <service> & more',
    total: '1234.50',
    urgent: true,
    technician: null,
    due_at: '2026-11-24T10:00:00Z',
    tags: ['a', 'b'],
    tasks: [
      { name: 'Check', done: true },
      { name: 'Fix', done: false },
    ],
  },
};

function render(template: unknown, data: unknown = payload): unknown {
  const rendered = compileTemplate(template).render(data);
  if (!rendered.ok) throw new Error(rendered.detail);
  expect(JSON.parse(rendered.json)).toEqual(JSON.parse(JSON.stringify(rendered.value)));
  return rendered.value;
}

function issues(template: unknown) {
  try {
    compileTemplate(template);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.issues;
    throw error;
  }
  return [];
}

describe('a text', () => {
  it.each([
    ['plain', 'plain'],
    ['{{ workitem.id }}', 7],
    ['{{workitem.urgent}}', true],
    ['{{ workitem.tags }}', ['a', 'b']],
    ['{{ workitem.technician }}', null],
    ['{{ workitem.nothing }}', null],
    ['#{{ workitem.id }}: {{ workitem.nothing }}!', '#7: !'],
    ['{{ workitem.tags }} and {{ changes.status }}', '["a","b"] and {"old":"New","new":"Done"}'],
    ['{{ workitem.tasks[1].name }} {{ workitem.tasks.0.name }}', 'Fix Check'],
    ['{{ "{{" }} {{ "}}" }}', '{{ }}'],
    ['a } b }} c', 'a } b }} c'],
    ['{{ workitem.constructor }}', null],
    ['{{ workitem.__proto__ }}', null],
    ['{{ workitem.tags.length }}', null],
    ['{{ workitem.title.length }}', null],
  ])('%j becomes %j', (template, value) => {
    expect(render({ text: template })).toEqual({ text: value });
  });
});

describe('a filter', () => {
  it.each([
    ['workitem.nothing | default:"none"', 'none'],
    ['workitem.id | default:"none"', 7],
    ['event_type | upper', 'WORKITEM_UPDATED'],
    ['workitem.title | lower | truncate:8', 'brake <…'],
    ['workitem.title | truncate:5,"..."', 'Br...'],
    ['"  x " | trim', 'x'],
    ['workitem.due_at | date', 'Nov 24, 2026, 10:00 AM'],
    ['workitem.due_at | date:"iso","Asia/Tokyo"', '2026-11-24'],
    ['workitem.due_at | date:"medium","Europe/Berlin","de"', '24.11.2026, 11:00'],
    ['workitem.due_at | date:"unix"', 1795514400],
    ['workitem.title | date', 'Brake <service> & more'],
    ['workitem.total | number:2', '1,234.50'],
    ['workitem.total | number:0,"de"', '1.235'],
    ['workitem.total | money:"EUR"', '€1,234.50'],
    ['workitem.title | money:"EUR"', 'Brake <service> & more'],
    ['workitem.tags | join', 'a, b'],
    ['workitem.tags | join:" / "', 'a / b'],
    ['changes | keys | join', 'status, title'],
    ['workitem.tags | json', '["a","b"]'],
    ['workitem.title | urlencode', 'Brake%20%3Cservice%3E%20%26%20more'],
    ['workitem.title | slack_escape', 'Brake &lt;service&gt; &amp; more'],
    ['workitem.title | html_escape', 'Brake &lt;service&gt; &amp; more'],
    ['workitem.tags | first', 'a'],
    ['workitem.tags | last', 'b'],
    ['workitem.tags | length', 2],
    ['changes | length', 2],
    ['workitem.nothing | upper | default:"-"', '-'],
  ])('%s gives %j', (expression, value) => {
    expect(render(`{{ ${expression} }}`)).toEqual(
      typeof value === 'string' ? expect.stringMatching(plain(value)) : value,
    );
  });
});

/** ICU puts narrow no-break spaces into times; which one depends on its version. */
function plain(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '\\s')}$`, 'u');
}

describe('$if and $each', () => {
  it('draw a part or leave it out', () => {
    const part = (condition: unknown) => ({ $if: condition, $then: 'yes' });
    expect(render({ a: part('workitem.urgent'), b: part('{{ workitem.technician }}'), c: 1 })).toEqual({
      a: 'yes',
      c: 1,
    });
    expect(render([part('workitem.tags'), part('workitem.nothing')])).toEqual(['yes']);
    expect(render({ $if: { 'changes.status.new': 'Done' }, $then: 1, $else: 2 })).toBe(1);
    expect(render({ $if: 'workitem.nothing', $then: 1 })).toBeNull();
  });

  it('repeat a part, in place when inside a list', () => {
    const tasks = {
      $each: 'workitem.tasks',
      $as: 'task',
      $do: '{{ index }} {{ task.name }} of {{ workitem.id }}',
    };
    expect(render({ tasks })).toEqual({ tasks: ['0 Check of 7', '1 Fix of 7'] });
    expect(render(['first', tasks, 'last'])).toEqual(['first', '0 Check of 7', '1 Fix of 7', 'last']);
    const open = { $each: 'workitem.tasks', $do: { $if: 'item.done', $then: '{{ item.name }}' } };
    expect(render(open)).toEqual(['Check']);
    expect(render({ $each: 'workitem.nothing', $do: 1 })).toEqual([]);
  });

  it('leave keys alone that are written with $$', () => {
    expect(render({ $$if: 1, __proto__x: 2 })).toEqual({ $if: 1, __proto__x: 2 });
    expect(render(JSON.parse('{"__proto__": {"a": 1}}'))).toEqual(JSON.parse('{"__proto__": {"a": 1}}'));
  });
});

describe('a template that cannot work names each place', () => {
  it.each([
    [{ a: '{{ x | uper }}' }, '/template/a', 'there is no filter uper. Did you mean "upper"?'],
    [{ a: ['{{ x'] }, '/template/a/0', 'not closed'],
    ['{{ }}', '/template', 'nothing between'],
    ['{{ a b }}', '/template', 'is not a path'],
    ['{{ a | }}', '/template', 'comes the name of a filter'],
    ['{{ a | truncate }}', '/template', 'truncate takes characters, ending?; got 0 arguments'],
    ['{{ a | truncate:"x" }}', '/template', 'takes a number of characters'],
    ['{{ a | upper:1 }}', '/template', 'upper takes nothing; got 1'],
    ['{{ a | money:EUR }}', '/template', 'texts in quotes'],
    ['{{ a | money:"EURO" }}', '/template', 'does not take these arguments'],
    ['{{ a | date:"medium","Mars/Olympus" }}', '/template', 'does not take these arguments'],
    ['{{ a | date:"longish" }}', '/template', 'unknown style longish'],
    ['{{ a ; b }}', '/template', '; is not expected here'],
    [{ $if: 'a' }, '/template', '$if needs $then'],
    [{ $if: { a: { $foo: 1 } }, $then: 1 }, '/template/$if/a/$foo', 'there is no operator'],
    [{ $each: 'a', $doo: 1 }, '/template/$doo', 'Did you mean "$do"?'],
    [{ $each: 'a', $as: '1x', $do: 1 }, '/template/$as', '$as takes a name'],
    [{ $echa: 'a' }, '/template/$echa', 'Did you mean "$each"?'],
  ])('%j', (template, pointer, words) => {
    expect(issues(template)).toContainEqual({ pointer, detail: expect.stringContaining(words) });
  });

  it('reports all of them at once', () => {
    expect(issues(['{{ a | x1 }}', '{{ b | x2 }}'])).toHaveLength(2);
  });

  it('refuses one that is too deep, contains itself, or is too large', () => {
    const self: unknown[] = [];
    self.push(self);
    expect(issues(self)[0]?.detail).toBe('deeper than 32 levels; a template cannot contain itself');
    expect(issues(Array.from({ length: 3000 }, () => 'x'))[0]?.detail).toBe('more than 2000 parts');
    expect(issues(`{{ a ${'| upper'.repeat(20)} }}`)[0]?.detail).toBe('more than 12 filters');
  });
});

describe('a rendering that costs too much says so', () => {
  const failure = (template: unknown, data: unknown) => {
    const startedAt = performance.now();
    const rendered = compileTemplate(template).render(data);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    return rendered.ok ? 'rendered' : rendered.detail;
  };
  const big = 'x'.repeat(200_000);
  const many = Array.from({ length: 1000 }, (_, i) => i);

  it.each([
    ['output', ['{{ a }}', '{{ a }}'], { a: big }, 'larger than 256 KiB'],
    ['output of escapes', '{{ a }}', { a: '\u0001'.repeat(100_000) }, 'larger than 256 KiB'],
    ['rounds', { $each: 'a', $do: { $each: 'a', $do: 1 } }, { a: many }, 'more than 1000 times'],
    ['work', { $each: 'a', $do: '{{ b | upper | length }}' }, { a: many, b: big }, 'too much work'],
    ['growth', `{{ a ${'| json'.repeat(12)} }}`, { a: '"'.repeat(1000) }, 'longer than 256 KiB'],
    ['depth', '{{ a }}', { a: JSON.parse('['.repeat(5000) + ']'.repeat(5000)) }, 'deeper than 64 levels'],
    [
      'depth in text',
      'x{{ a }}',
      { a: JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) },
      'cannot be rendered',
    ],
  ])('%s', (_, template, data, words) => {
    expect(failure(template, data)).toContain(words);
  });
});

const word = fc.constantFrom(
  'a',
  'b',
  'item',
  'index',
  'a.b',
  'a[0]',
  'b.length',
  '"text"',
  '3',
  '__proto__',
);
const stage = fc.constantFrom(
  ...Object.entries(filters).map(([name, { args }]) => {
    const required = { default: '"d"', truncate: '3', money: '"EUR"' }[name];
    return args.some((arg) => !arg.endsWith('?')) ? `${name}:${required}` : name;
  }),
);
const expression = fc
  .tuple(word, fc.array(stage, { maxLength: 4 }))
  .map(([head, stages]) => `{{ ${[head, ...stages].join(' | ')} }}`);
const leaf = fc.oneof(
  expression,
  expression.map((text) => `x${text}`),
);
const { template } = fc.letrec((tie) => ({
  template: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .jsonValue()
      .filter((value) => !JSON.stringify(value).includes('{{') && !JSON.stringify(value).includes('"$')),
    fc.array(tie('template'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('k', 'l', '__proto__'), tie('template'), { maxKeys: 3 }),
    fc.record({ $if: expression, $then: tie('template'), $else: tie('template') }),
    fc.record({ $each: word, $do: tie('template') }),
  ),
}));

it('rendering never throws on any payload, and its JSON is valid and within the cap', () => {
  fc.assert(
    fc.property(template, fc.jsonValue(), fc.jsonValue(), (source, a, b) => {
      const compiled = compileTemplate(source);
      for (const data of [{ a, b }, a, { a: [a, b], b: { b: a } }]) {
        const rendered = compiled.render(data);
        if (!rendered.ok) continue;
        expect(Buffer.byteLength(rendered.json)).toBeLessThanOrEqual(262_144);
        JSON.parse(rendered.json);
      }
    }),
    { numRuns: 400 },
  );
});

it('whatever is saved as a template compiles or is refused with issues', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map((text) => `{{ ${text} }}`),
    fc.string().map((text) => `{{ a | ${text}`),
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), texts), (source) => {
      const found = issues(source);
      for (const issue of found) expect(issue.pointer).toMatch(/^\/template/);
    }),
  );
});
