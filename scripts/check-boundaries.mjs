/**
 * Keeps the arrows of the architecture: engine ← connectors ← server, admin beside them.
 *
 *   node scripts/check-boundaries.mjs [--root FOLDER]
 *
 * Reads every import in packages/<name>/src and reports each one that breaks a rule as `file:line: message`.
 * Exit code 1 when there is one. What a rule is for stands beside it, in RULES.
 */
import fs from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { findCycles } from './lib/cycles.mjs';
import { findImports } from './lib/imports.mjs';

const RULES = {
  /** What each package of this repository may import of the others. A new package needs a line here. */
  mayImport: {
    engine: [],
    connectors: ['engine'],
    server: ['engine', 'connectors'],
    // The browser and n8n talk to the REST API like everybody else.
    admin: [],
    'n8n-nodes-signalbox': [],
  },

  /** `from` is matched with the importing file, `to` with the imported file or package. */
  forbidden: [
    {
      from: /^packages\/server\/src\/api\//,
      to: /^(kysely|pg|@electric-sql\/pglite|packages\/server\/src\/database\/.*|packages\/server\/src\/host\/kysely\.ts)$/,
      why: "a route reaches data through the tenant's scope, so that no query can forget the tenant",
    },
    {
      from: /^packages\/connectors\/src\//,
      to: /^(undici|node:(http|https|http2|net|tls|dns|dgram))$/,
      why: 'a connector calls out through the client it is given, which refuses private addresses',
    },
  ],

  /** Tests, and what only tests use, may import dev dependencies and break the `forbidden` rules. */
  testFiles: /\.test\.tsx?$|\/(suite|testing|fixtures)\/|\/test-(api|kit)\.ts$/,
};

const SOURCE_FILE = /\.[cm]?[jt]sx?$/;
const BUILTIN = new Set(builtinModules);

const { values: options } = parseArgs({ options: { root: { type: 'string' } } });
const root = path.resolve(options.root ?? path.join(import.meta.dirname, '..'));
const packages = readPackages();
const problems = [];
let importCount = 0;

for (const pkg of packages) checkPackage(pkg);

for (const { file, line, message } of problems) console.error(`${file}:${line}: ${message}`);
if (problems.length > 0) {
  console.error(`\n${problems.length} import${problems.length === 1 ? ' crosses' : 's cross'} a boundary.`);
  process.exitCode = 1;
} else {
  console.log(`${importCount} imports in ${packages.length} packages keep the boundaries.`);
}

function checkPackage(pkg) {
  /** folder → folder → the first import that makes the arrow */
  const arrows = new Map();

  for (const file of sourceFiles(pkg.src)) {
    const from = relative(file);
    const isTest = RULES.testFiles.test(from);
    for (const { specifier, line } of findImports(fs.readFileSync(file, 'utf8'))) {
      importCount++;
      const target = specifier === null ? null : resolve(specifier, file);
      const message = checkImport(pkg, from, isTest, specifier, target);
      if (message) problems.push({ file: from, line, message });
      if (target?.file && !isTest) addArrow(arrows, pkg, file, target.file, `${from}:${line}`);
    }
  }

  for (const cycle of findCycles(arrows)) {
    const steps = cycle.map((folder, i) => ({ folder, next: cycle[(i + 1) % cycle.length] }));
    const [file, line] = arrows.get(steps[0].folder).get(steps[0].next).split(':');
    problems.push({
      file,
      line,
      message:
        `the folders of ${pkg.name} import each other in a circle: ${[...cycle, cycle[0]].join(' → ')}\n` +
        steps
          .map(({ folder, next }) => `    ${folder} → ${next} at ${arrows.get(folder).get(next)}`)
          .join('\n'),
    });
  }
}

/** @returns {string | null} what is wrong with the import */
function checkImport(pkg, from, isTest, specifier, target) {
  if (target === null) {
    return 'the import is computed when the program runs, so it cannot be checked; write the module as a literal';
  }
  if (target.builtin || target.own) return isTest ? null : forbiddenReason(from, target.id, specifier);

  if (target.file) {
    const inside = !path.relative(pkg.dir, target.file).startsWith('..');
    if (inside || isTest) {
      return isTest ? null : forbiddenReason(from, relative(target.file), specifier);
    }
    const other = packages.find((each) => !path.relative(each.dir, target.file).startsWith('..'));
    return other
      ? `'${specifier}' reaches into ${other.name}; import '${other.name}' and export there what is needed`
      : `'${specifier}' is outside of ${pkg.name}`;
  }

  const other = packages.find((each) => each.name === target.package);
  if (other) {
    if (other === pkg) return `${pkg.name} imports itself by name; use a relative path`;
    const allowed = RULES.mayImport[pkg.folder];
    if (!allowed) return `${pkg.folder} has no line in mayImport of scripts/check-boundaries.mjs`;
    if (!allowed.includes(other.folder)) {
      return `${pkg.folder} may not import ${other.name}: ${
        allowed.length > 0 ? `of this repository only ${allowed.join(' and ')}` : 'nothing of this repository'
      }`;
    }
    if (!isExported(other, target.subpath)) {
      return `'${specifier}' is not an export of ${other.name}; its package.json names what may be imported`;
    }
  }

  const { manifest } = pkg;
  const declared = {
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  };
  const forTests = { ...manifest.devDependencies, ...rootManifest().devDependencies };
  const isDeclared = (name) => name in declared || (isTest && name in forTests);
  // A type may come from @types/x alone.
  const typesName = `@types/${target.package.replace(/^@(.*)\//, '$1__')}`;
  if (!other && !isDeclared(target.package) && !isDeclared(typesName)) {
    return `'${target.package}' is not declared in ${relative(pkg.dir)}/package.json`;
  }
  return isTest ? null : forbiddenReason(from, target.package, specifier);
}

function forbiddenReason(from, to, specifier) {
  const rule = RULES.forbidden.find((each) => each.from.test(from) && each.to.test(to));
  return rule ? `'${specifier}' may not be imported here: ${rule.why}` : null;
}

function resolve(specifier, file) {
  if (specifier.startsWith('node:') || BUILTIN.has(specifier)) {
    return { builtin: true, id: `node:${specifier.replace(/^node:/, '')}` };
  }
  if (specifier.startsWith('#')) return { own: true, id: specifier };
  if (/^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..') {
    return { file: path.resolve(path.dirname(file), specifier.replace(/\?.*$/, '')) };
  }
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier);
  return { package: name, subpath: `.${rest}` };
}

function isExported(pkg, subpath) {
  const { exports } = pkg.manifest;
  if (typeof exports === 'string' || exports === undefined) return subpath === '.';
  return Object.keys(exports).some((key) => {
    const [before, after] = key.split('*');
    return after === undefined
      ? key === subpath
      : subpath.startsWith(before) && subpath.endsWith(after) && subpath.length > key.length - 1;
  });
}

/** Folders directly under src; files there are the package's own joints and take no part in circles. */
function addArrow(arrows, pkg, from, to, place) {
  const [a, b] = [from, to].map((file) => path.relative(pkg.src, file).split(path.sep));
  if (a.length < 2 || b.length < 2 || a[0] === b[0] || b[0] === '..') return;
  const targets = arrows.get(a[0]) ?? new Map();
  if (!targets.has(b[0])) targets.set(b[0], place);
  arrows.set(a[0], targets);
}

function readPackages() {
  const base = path.join(root, 'packages');
  return fs
    .readdirSync(base)
    .filter((folder) => fs.existsSync(path.join(base, folder, 'package.json')))
    .map((folder) => {
      const dir = path.join(base, folder);
      const manifest = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
      return { folder, dir, src: path.join(dir, 'src'), name: manifest.name, manifest };
    });
}

function rootManifest() {
  const file = path.join(root, 'package.json');
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
}

function sourceFiles(dir) {
  if (!fs.existsSync(dir)) return [];
  return fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && SOURCE_FILE.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

function relative(file) {
  return path.relative(root, file).split(path.sep).join('/');
}
