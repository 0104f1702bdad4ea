import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSigner, n8n } from '@signalbox/connectors';
import { createCatalogue, generateSigningSecret } from '@signalbox/engine';
import { describe, expect, onTestFinished, test } from 'vitest';
import { integrationFields } from '../../packages/server/src/api/routes/integration-schema.ts';
import { triggers } from '../../packages/server/src/triggers/index.ts';
import { fileOf, runnableBlocks } from './lib/blocks.ts';
import { freePort } from './lib/program.ts';

const run = promisify(execFile);
const sample = createCatalogue(triggers).sample('workitem_status_changed', { id: 1, name: 'Acme Corp' });

describe('the guide for receivers', () => {
  const blocks = runnableBlocks('docs/guides/receive-events.md');

  test('has a file for each of its blocks', () => {
    expect(blocks.map(fileOf)).toEqual(['receiver.mjs', 'receiver.py', 'verify.sh']);
  });

  for (const [file, command] of [
    ['receiver.mjs', process.execPath],
    ['receiver.py', 'python3'],
  ] as const) {
    const isThere = spawnSync(command, ['--version']).status === 0;
    test.skipIf(!isThere)(`${file} takes what is signed, once, and refuses everything else`, async () => {
      const secret = generateSigningSecret();
      const { url, printed } = await startReceiver(command, await save(file), secret);
      const signer = createSigner({ type: 'standard-webhooks', secrets: [secret] })!;
      const now = Math.floor(Date.now() / 1000);
      const send = async (timestamp: number, sent = JSON.stringify(sample), signed = sent) => {
        const headers = { 'webhook-id': 'evt_1', ...signer('evt_1', timestamp, signed) };
        return (await fetch(url, { method: 'POST', headers, body: sent })).status;
      };

      expect(await send(now)).toBe(204);
      expect(await send(now), 'a second time').toBe(204);
      expect(await send(now, '{"event_type": "forged"}', JSON.stringify(sample))).toBe(401);
      expect(await send(now - 600), 'ten minutes old').toBe(401);
      expect((await fetch(url, { method: 'POST', body: JSON.stringify(sample) })).status, 'unsigned').toBe(
        401,
      );

      const rotated = createSigner({
        type: 'standard-webhooks',
        secrets: [generateSigningSecret(), secret],
      })!;
      const other = JSON.stringify({ ...sample, event_id: randomUUID(), sequence: 2 });
      const headers = { 'webhook-id': 'evt_2', ...rotated('evt_2', now, other) };
      expect((await fetch(url, { method: 'POST', headers, body: other })).status, 'while rotating').toBe(204);
      await expect.poll(printed).toBe('workitem_status_changed 1\nworkitem_status_changed 2\n');
    });
  }

  test('the shell’s way gives the signature that was sent', async () => {
    const body = JSON.stringify(sample);
    const secret = generateSigningSecret();
    const headers = createSigner({ type: 'standard-webhooks', secrets: [secret] })!(
      'evt_1',
      1_795_482_753,
      body,
    );
    const script = await save('verify.sh');
    await writeFile(`${script}.body`, body);
    const { stdout } = await run('bash', [script], {
      env: {
        ...process.env,
        SECRET: secret,
        WEBHOOK_ID: 'evt_1',
        WEBHOOK_TIMESTAMP: headers['webhook-timestamp'],
        BODY: `${script}.body`,
      },
    });
    expect(`v1,${stdout.trim()}`).toBe(headers['webhook-signature']);
  });

  async function save(file: string): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'signalbox-receiver-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, file);
    await writeFile(path, blocks.find((block) => fileOf(block) === file)!.text);
    return path;
  }
});

describe('the guide for n8n', () => {
  const blocks = runnableBlocks('docs/guides/connect-n8n.md');

  test('its integrations are valid, and nothing is wrong with them', () => {
    const integrations = blocks.filter(({ language }) => language === 'json');
    expect(integrations.length).toBe(3);
    for (const { text } of integrations) {
      const body = integrationFields.strict().parse(JSON.parse(text));
      const config = {
        url: body.url!,
        headers: {},
        auth: body.auth ?? ({ type: 'none' } as const),
        signing:
          body.signing && body.signing.type !== 'none'
            ? { type: body.signing.type, secrets: [body.signing.secret!] }
            : ({ type: 'none' } as const),
        template: null,
        settings: {},
      };
      expect(n8n.name).toBe(body.connector);
      n8n.configure(config);
      expect(n8n.warnings?.(config)).toEqual([]);
    }
  });

  test('its Code node reads the event where n8n puts it', () => {
    const [code] = blocks.filter(({ language }) => language === 'js');
    const node = new Function('$json', code!.text);
    const result = node({ headers: {}, params: {}, query: {}, body: sample });
    expect(result.json.text).toBe('RMA-123: New → In Progress (Acme Corp)');
    expect(JSON.stringify(result)).toContain('John Doe');
    const { workitem } = sample as { workitem: object };
    const created = { ...sample, event_type: 'workitem_created', changes: undefined };
    expect(node({ body: { ...created, workitem: { ...workitem, customer: null } } }).json.text).toBe(
      'New work item: RMA-123 (Acme Corp)',
    );
  });
});

async function startReceiver(command: string, file: string, secret: string) {
  const port = await freePort();
  const env = { ...process.env, SECRET: secret, PORT: String(port) };
  const child = spawn(command, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}/`;
  await expect
    .poll(() => fetch(url, { method: 'POST' }).then((answer) => answer.status), { timeout: 10_000 })
    .toBe(401);
  return { url, printed: () => out };
}
