import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, node, root } from './support.ts';

const manifest = (name: string, dependencies = {}) => ({
  name: `@signalbox/${name}`,
  exports: { '.': './src/index.ts' },
  dependencies,
});

const PACKAGES = {
  'packages/engine/package.json': manifest('engine', { pg: '8' }),
  'packages/connectors/package.json': manifest('connectors', { zod: '4', undici: '8' }),
  'packages/server/package.json': manifest('server', { kysely: '0', pg: '8' }),
  'packages/admin/package.json': manifest('admin'),
};

async function check(files: Record<string, string>) {
  const dir = folder({ ...PACKAGES, ...files });
  const { code, stdout, stderr } = await node([join(root, 'scripts/check-boundaries.mjs'), '--root', dir])
    .finished;
  return { code, stdout, problems: stderr.trim().split('\n') };
}

describe('the boundary check', () => {
  it('accepts imports along the arrows', async () => {
    const { code, stdout } = await check({
      'packages/engine/src/index.ts': `import { readFile } from 'node:fs/promises';\nimport type pg from 'pg';\n`,
      'packages/connectors/src/index.ts': `import { a } from '@signalbox/engine';\nexport * from './slack/index.ts';\n`,
      'packages/server/src/index.ts': `import '@signalbox/connectors';\nimport { b } from '@signalbox/engine';\n`,
      'packages/server/src/text.ts': `// import 'undeclared'\nconst a = "import 'undeclared'";\n`,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '6 imports in 4 packages keep the boundaries.\n' });
  });

  it('finds every way around the arrows, with file, line and reason', async () => {
    const { code, problems } = await check({
      'packages/admin/src/app.tsx': `import { x } from '@signalbox/engine';`,
      'packages/connectors/src/path.ts': `const x = await import('../../engine/src/index.ts');`,
      'packages/connectors/src/slack/calls-out.ts': `import { request } from 'undici';`,
      'packages/engine/src/backwards.ts': `\nimport type { T } from '@signalbox/server';`,
      'packages/engine/src/computed.ts': `await import(name);`,
      'packages/engine/src/undeclared.ts': `import {\n  z, // from "pg"\n} from 'zod';`,
      'packages/server/src/api/tasks.ts': `import { sql } from 'kysely';`,
      'packages/server/src/deep.ts': `export { x } from '@signalbox/engine/src/verdict.ts';`,
    });
    expect(code).toBe(1);
    expect(problems.sort()).toEqual([
      '',
      '8 imports cross a boundary.',
      'packages/admin/src/app.tsx:1: admin may not import @signalbox/engine: nothing of this repository',
      "packages/connectors/src/path.ts:1: '../../engine/src/index.ts' reaches into @signalbox/engine; " +
        "import '@signalbox/engine' and export there what is needed",
      "packages/connectors/src/slack/calls-out.ts:1: 'undici' may not be imported here: " +
        'a connector calls out through the client it is given, which refuses private addresses',
      'packages/engine/src/backwards.ts:2: engine may not import @signalbox/server: nothing of this repository',
      'packages/engine/src/computed.ts:1: the import is computed when the program runs, so it cannot be checked; ' +
        'write the module as a literal',
      "packages/engine/src/undeclared.ts:1: 'zod' is not declared in packages/engine/package.json",
      "packages/server/src/api/tasks.ts:1: 'kysely' may not be imported here: " +
        "a route reaches data through the tenant's scope, so that no query can forget the tenant",
      "packages/server/src/deep.ts:1: '@signalbox/engine/src/verdict.ts' is not an export of @signalbox/engine; " +
        'its package.json names what may be imported',
    ]);
  });

  it('finds folders that import each other in a circle, and where', async () => {
    const { code, problems } = await check({
      'packages/engine/src/a/one.ts': `import './two.ts';\nimport '../b/one.ts';`,
      'packages/engine/src/b/one.ts': `import '../c/one.ts';`,
      'packages/engine/src/c/one.ts': `import type { X } from '../a/two.ts';`,
      'packages/engine/src/c/some.test.ts': `import '../b/one.ts';`,
    });
    expect(code).toBe(1);
    expect(problems.slice(0, 4)).toEqual([
      'packages/engine/src/a/one.ts:2: the folders of @signalbox/engine import each other in a circle: a → b → c → a',
      '    a → b at packages/engine/src/a/one.ts:2',
      '    b → c at packages/engine/src/b/one.ts:1',
      '    c → a at packages/engine/src/c/one.ts:1',
    ]);
  });
});
