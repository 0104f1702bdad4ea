import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { applyDiff } from './lib/apply-diff.ts';
import { type Block, fileOf, ROOT, runnableBlocks } from './lib/blocks.ts';
import { expectOutput } from './lib/expect-output.ts';
import { startProgram } from './lib/program.ts';
import { openTerminal } from './lib/terminal.ts';

const GUIDE = 'docs/guides/add-an-event.md';
const run = promisify(execFile);

test('following the guide adds events to a model, a model, and a model with a new table', {
  timeout: 240_000,
}, async () => {
  const copy = await copyRepository();
  const touched = await applyBlocks(copy);
  expect(touched).toEqual([
    'packages/server/src/triggers/work-item.ts',
    'packages/server/src/triggers/location.ts',
    'packages/server/src/triggers/index.ts',
    'packages/server/src/migrations/0100_suppliers.sql',
    'packages/server/src/triggers/supplier.ts',
  ]);
  await checkTypes(copy);

  const program = await startProgram(copy);
  const origin = `http://127.0.0.1:${program.port}`;
  const call = caller(origin, program.demoKey);
  const eventTypes = [
    'workitem_ready',
    'location_created',
    'location_updated',
    'supplier_created',
    'supplier_updated',
  ];

  const catalogue = await call('GET', '/api/v1/event-types');
  expect(catalogue.data.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(eventTypes),
  );
  const { webhooks } = await call('GET', '/openapi.json');
  expect(Object.keys(webhooks)).toEqual(expect.arrayContaining(eventTypes));

  await call('POST', '/api/v1/integrations', {
    name: 'Everything new',
    connector: 'webhook',
    url: `${origin}/inbox/new`,
    event_types: eventTypes,
  });
  const item = await call('POST', '/api/v1/work-items', { description: 'Cracked screen' });
  for (const status of ['In Progress', 'Ready']) {
    await call('PATCH', `/api/v1/work-items/${item.id}`, { status });
  }
  const location = await call('POST', '/api/v1/locations', { name: 'Airport' });
  await call('PATCH', `/api/v1/locations/${location.id}`, { phone: '+48 22 555 00 03' });
  await runCommands(copy, program.env);

  const { data } = await call('GET', '/inbox/new/messages?wait_ms=20000&count=4');
  const received = new Map(
    data.map(({ body }: { body: string }) => [JSON.parse(body).event_type, JSON.parse(body)]),
  );
  expect([...received.keys()].sort()).toEqual([
    'location_created',
    'location_updated',
    'supplier_created',
    'workitem_ready',
  ]);
  expect(received.get('workitem_ready')).toMatchObject({
    workitem: { id: item.id, status: 'Ready' },
    changes: { status: { old: 'In Progress', new: 'Ready' } },
  });
  expect(received.get('location_updated')).toMatchObject({
    location: { id: location.id, name: 'Airport' },
    changes: { phone: { old: null, new: '+48 22 555 00 03' } },
  });
  expect(received.get('supplier_created')).toMatchObject({ supplier: { name: 'Screens & Parts' } });
});

/** What the guide changes, with everything around it that it needs to run. */
async function copyRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'signalbox-guide-'));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  for (const name of [
    'package.json',
    'packages/server/package.json',
    'packages/server/bin',
    'packages/server/src',
    'tsconfig.json',
  ]) {
    await mkdir(dirname(join(copy, name)), { recursive: true });
    await cp(join(ROOT, name), join(copy, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Returns the files that it made or changed, in the guide's order. */
async function applyBlocks(copy: string): Promise<string[]> {
  const touched = new Set<string>();
  for (const block of runnableBlocks(GUIDE)) {
    if (block.language === 'sh' || block.language === 'text') continue;
    const file = fileOf(block);
    if (!file) throw new Error(`${GUIDE}:${block.line} is not headed by the path of its file`);
    const path = join(copy, file);
    const text =
      block.language === 'diff'
        ? applyDiff(await readFile(path, 'utf8'), block.text, `${GUIDE}:${block.line}`)
        : block.text;
    await writeFile(path, text);
    touched.add(file);
  }
  return [...touched];
}

async function checkTypes(copy: string): Promise<void> {
  const config = join(copy, 'tsconfig.guide.json');
  await writeFile(
    config,
    '{"extends": "./tsconfig.json", "include": ["packages/server/src/triggers/index.ts"]}',
  );
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', config], { cwd: copy }).catch(({ stdout }: { stdout: string }) => {
    throw new Error(`the code of the guide has type errors:\n${stdout}`);
  });
}

/** Every `sh` block, with the copy's command, compared with the block that follows it. */
async function runCommands(copy: string, env: NodeJS.ProcessEnv): Promise<void> {
  const terminal = openTerminal(copy, env);
  await terminal.paste(`npx() { shift; "${process.execPath}" packages/server/bin/signalbox.mjs "$@"; }`);
  let printed = '';
  for (const block of runnableBlocks(GUIDE)) {
    if (block.language === 'sh') printed = await terminal.paste(block.text);
    if (block.language === 'text') expectOutput(printed, block.text, where(block));
  }
}

const where = (block: Block) => `${GUIDE}:${block.line}`;

function caller(origin: string, key: string) {
  return async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
}
