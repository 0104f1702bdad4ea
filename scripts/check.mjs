/**
 * Everything that can be checked without running the program: `npm run check`.
 *
 * Every step runs, whatever the ones before it found, and what failed is shown together at the end. Exit code 1
 * when one failed. With CHECK_RESULT=FILE the counts are written there as JSON, for .ci/run.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const root = path.join(import.meta.dirname, '..');

const STEPS = [
  {
    name: 'format and lint',
    run: [
      'node_modules/@biomejs/biome/bin/biome',
      'ci',
      '.',
      `--colors=${process.stdout.isTTY ? 'force' : 'off'}`,
    ],
    fix: 'npx biome check --write .',
  },
  { name: 'types', run: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  { name: 'boundaries', run: ['scripts/check-boundaries.mjs'] },
  { name: 'lock file', run: ['scripts/check-lock.mjs'], fix: 'node scripts/check-lock.mjs --write' },
  { name: 'generated files', run: ['scripts/generated.mjs'], fix: 'node scripts/generated.mjs --write' },
];

const failed = [];
for (const step of STEPS) {
  const began = performance.now();
  const { code, output } = await runNode(step.run);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${code === 0 ? '✓' : '✗'} ${step.name} (${seconds} s)`);
  if (code !== 0) failed.push({ ...step, output });
}

for (const { name, output, fix } of failed) {
  console.error(`\n── ${name} ──\n${output.trim()}`);
  if (fix) console.error(`\nWhat can be repaired by itself: ${fix}`);
}
if (failed.length > 0) console.error(`\nFailed: ${failed.map(({ name }) => name).join(', ')}.`);

if (process.env.CHECK_RESULT) {
  const counts = { passed: STEPS.length - failed.length, failed: failed.length };
  fs.writeFileSync(process.env.CHECK_RESULT, JSON.stringify(counts));
}
process.exitCode = failed.length > 0 ? 1 : 0;

function runNode([script, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(root, script), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code, signal) => resolve({ code: code ?? 1, output: output || `ended by ${signal}` }));
  });
}
