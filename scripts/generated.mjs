/**
 * Files that are made from the code and committed, so that they can be read without running it.
 *
 *   node scripts/generated.mjs            checks that they are up to date (part of `npm run check`)
 *   node scripts/generated.mjs --write    makes them anew
 *
 * To add one, add a line to GENERATORS. `generate` returns the whole text of the file; it imports what it
 * needs itself, so that one broken generator does not hide the others:
 *
 *   {
 *     name: 'OpenAPI document',
 *     file: 'docs/openapi.json',
 *     generate: async () => (await import('../packages/server/src/api/openapi.ts')).openApiText(),
 *   }
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** @type {{ name: string, file: string, generate: () => string | Promise<string> }[]} */
const GENERATORS = [
  {
    name: 'reference of events',
    file: 'docs/reference/events.md',
    generate: async () => (await import('../docs/generate-reference.ts')).eventsPage(),
  },
  {
    name: 'reference of verdicts',
    file: 'docs/reference/verdicts.md',
    generate: async () => (await import('../docs/generate-reference.ts')).verdictsPage(),
  },
  {
    name: 'reference of commands',
    file: 'docs/reference/cli.md',
    generate: async () => (await import('../docs/generate-reference.ts')).cliPage(),
  },
  {
    name: 'reference of the configuration',
    file: 'docs/reference/configuration.md',
    generate: async () => (await import('../packages/server/src/config/describe.ts')).configMarkdown(),
  },
];

const root = path.join(import.meta.dirname, '..');
const write = process.argv.includes('--write');
const problems = [];

for (const { name, file, generate } of GENERATORS) {
  try {
    const target = path.join(root, file);
    const text = await generate();
    const present = fs.existsSync(target) ? fs.readFileSync(target, 'utf8') : null;
    if (text === present) continue;
    if (write) {
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, text);
      console.log(`${file} written (${name}).`);
    } else {
      problems.push(
        `${file}${firstDifference(present, text)}: ${name} is out of date; run "node scripts/generated.mjs --write"`,
      );
    }
  } catch (error) {
    problems.push(`${file}: ${name} could not be made: ${error.stack}`);
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${GENERATORS.length} generated files are up to date.`);

function firstDifference(present, text) {
  if (present === null) return '';
  const [old, now] = [present.split('\n'), text.split('\n')];
  return `:${now.findIndex((line, i) => line !== old[i]) + 1 || now.length + 1}`;
}
