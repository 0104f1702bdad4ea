/**
 * Finds every module that a source file names: static imports and re-exports (types included), dynamic
 * `import('x')`, `import('x').Type`, `require('x')`, `import.meta.resolve('x')`.
 *
 * TypeScript 7 has no API to parse with, and Node's type stripping erases type imports, which count here too.
 * So the source is masked first (comments, strings and regular expressions lose their contents, not their
 * place), and the few forms of an import are then found by pattern, safe from text that looks like one.
 *
 * @param {string} source
 * @returns {{ specifier: string | null, line: number }[]} specifier null: computed when the program runs
 */
export function findImports(source) {
  const { masked, strings } = mask(source);
  const found = [];
  for (const pattern of FORMS) {
    for (const match of masked.matchAll(pattern)) {
      const end = match.index + match[0].length - 1;
      found.push({ specifier: strings.get(end) ?? null, line: lineOf(source, match.index) });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

// Each pattern ends on the character where the specifier begins.
const FORMS = [
  // import 'x' · import a, { b } from 'x' · import type { T } from 'x'
  /(?<![\w$.#])import\s*(?:[\w$*{][\w$\s,*{}"]*?\bfrom\s*)?"/g,
  // export { a } from 'x' · export * as b from 'x' · export type { T } from 'x'
  /(?<![\w$.#])export\s*(?:type\s*)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*"/g,
  // import('x') · require('x') · require.resolve('x') · import.meta.resolve('x')
  /(?<![\w$.#])(?:import|require|require\.resolve|import\.meta\.resolve)\s*\(\s*[^\s)]/g,
];

const REGEX_AFTER_WORD =
  /(?:^|[^\w$.])(?:return|typeof|case|do|else|in|of|void|delete|throw|new|yield|await)$/;

/** Same length and lines as the source; a string keeps its quotes, as `"`, and its value is in `strings`. */
function mask(source) {
  const out = [];
  const strings = new Map();
  /** For every open `${`: how many braces are open in it. */
  const templates = [];
  let i = 0;

  const blank = (until) => {
    for (; i < until; i++) out.push(source[i] === '\n' ? '\n' : ' ');
  };
  const keep = (char) => {
    out.push(char);
    i++;
  };

  while (i < source.length) {
    const char = source[i];
    if (source.startsWith('//', i)) blank(indexOr(source, '\n', i));
    else if (source.startsWith('/*', i)) blank(indexOr(source, '*/', i + 2) + 2);
    else if (char === '"' || char === "'") string(char);
    else if (char === '`') template();
    else if (char === '/' && regexEnd() > 0) blank(regexEnd());
    else if (char === '}' && templates.at(-1) === 0) {
      templates.pop();
      template();
    } else {
      if (templates.length > 0 && char === '{') templates[templates.length - 1]++;
      if (templates.length > 0 && char === '}') templates[templates.length - 1]--;
      keep(char);
    }
  }
  return { masked: out.join(''), strings };

  function string(quote) {
    let end = i + 1;
    while (end < source.length && source[end] !== quote && source[end] !== '\n')
      end += source[end] === '\\' ? 2 : 1;
    strings.set(i, source.slice(i + 1, end));
    keep('"');
    blank(Math.min(end, source.length));
    if (source[i] === quote) keep('"');
  }

  /** From the opening quote, or from the brace that closes a `${`, to the next `${` or the closing quote. */
  function template() {
    let end = i + 1;
    while (end < source.length && source[end] !== '`' && !source.startsWith('${', end)) {
      end += source[end] === '\\' ? 2 : 1;
    }
    if (source[i] === '`' && source[end] === '`') {
      strings.set(i, source.slice(i + 1, end));
      keep('"');
      blank(end);
      keep('"');
    } else {
      if (source.startsWith('${', end)) templates.push(0);
      blank(Math.min(source[end] === '`' ? end + 1 : end + 2, source.length));
      // What stands for the text: something that cannot be mistaken for a specifier.
      out[out.length - 1] = '`';
    }
  }

  /** Where the regular expression that begins here ends, or 0 when this is a division. */
  function regexEnd() {
    const before = out.slice(-200).join('').trimEnd();
    if (/[\w$)\].<"`]$/.test(before) && !REGEX_AFTER_WORD.test(before)) return 0;
    const literal = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/[\\\n])+\/[a-z]*/.exec(source.slice(i, i + 2000));
    return literal ? i + literal[0].length : 0;
  }
}

function indexOr(source, text, from) {
  const at = source.indexOf(text, from);
  return at === -1 ? source.length : at;
}

function lineOf(source, index) {
  let line = 1;
  for (let at = source.indexOf('\n'); at !== -1 && at < index; at = source.indexOf('\n', at + 1)) line++;
  return line;
}
