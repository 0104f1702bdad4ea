/**
 * A lock file that every npm accepts on every system.
 *
 *   node scripts/check-lock.mjs [--write]
 *
 * npm leaves the builds for other systems out of the lock file when it cannot see them, and then npm 11 and 12
 * refuse the lock file on a fresh clone ("npm ci … Missing: … from lock file"), while the machine that wrote it
 * notices nothing. Every optional dependency must therefore have its entry; --write adds the missing ones.
 * Nor does it say where a package was downloaded (.npmrc sees to that): the reader's own registry decides.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const file = path.join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
const missing = findMissing(lock.packages);

if (missing.length > 0 && process.argv.includes('--write')) {
  for (const { owner, name, version } of missing)
    lock.packages[`node_modules/${name}`] = entryFor(owner, name, version);
  const [first, ...rest] = Object.keys(lock.packages);
  rest.sort((a, b) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries([first, ...rest].map((key) => [key, lock.packages[key]]));
  fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(
    `${missing.length} entries added. Run "npm install --package-lock-only" to put them into npm's form.`,
  );
  process.exit();
}

const problems = [
  ...missing.map(
    ({ owner, name }) =>
      `${name}, optional in ${owner}, has no entry: run "node scripts/check-lock.mjs --write"`,
  ),
  ...Object.entries(lock.packages)
    .filter(([, { resolved, link }]) => resolved?.startsWith('http') && !link)
    .map(([key]) => `${key} names the registry it came from: remove its "resolved"`),
];
for (const problem of problems) console.error(`package-lock.json: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${Object.keys(lock.packages).length} entries, none missing.`);

function findMissing(packages) {
  return Object.entries(packages).flatMap(([owner, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isLocked(packages, owner, name))
      .map(([name, version]) => ({ owner, name, version })),
  );
}

/** Looks where Node would: in the owner's own node_modules, then in those above it. */
function isLocked(packages, owner, name) {
  for (
    let at = owner;
    ;
    at = at.includes('/node_modules/') ? at.slice(0, at.lastIndexOf('/node_modules/')) : ''
  ) {
    if (packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true;
    if (at === '') return false;
  }
}

/** Modelled on a sibling that npm has locked; what differs is read from the name (`cli-darwin-arm64`). */
function entryFor(owner, name, version) {
  const siblings = Object.keys(lock.packages[owner].optionalDependencies);
  const sibling = siblings.map((each) => lock.packages[`node_modules/${each}`]).find(Boolean);
  const [, os, cpu, musl] = /(android|darwin|linux|win32|freebsd|openbsd)-(\w+?)(-musl)?$/.exec(name) ?? [];
  if (!sibling || !os || !/^\d/.test(version)) throw new Error(`${name} of ${owner}: add its entry by hand`);
  return {
    version,
    cpu: [cpu],
    ...(sibling.dev ? { dev: true } : {}),
    ...(musl ? { libc: ['musl'] } : {}),
    license: sibling.license,
    optional: true,
    os: [os],
    ...(sibling.engines ? { engines: sibling.engines } : {}),
  };
}
