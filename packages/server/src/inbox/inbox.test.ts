import { createHmac } from 'node:crypto';
import { createSigner } from '@signalbox/connectors';
import { fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInbox } from './inbox.ts';
import type { Message } from './mailbox.ts';

let app: ReturnType<typeof fastify>;
let origin: string;
beforeEach(async () => {
  app = fastify();
  await app.register(createInbox().plugin);
  origin = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => app.close());

const post = (path: string, body: BodyInit = '{}', headers: Record<string, string> = {}) =>
  fetch(`${origin}/inbox/${path}`, { method: 'POST', body, headers });
const put = (name: string, behaviour: unknown) =>
  fetch(`${origin}/inbox/${name}/behaviour`, { method: 'PUT', body: JSON.stringify(behaviour) });
const messages = async (name: string, query = '') => {
  const answer = await fetch(`${origin}/inbox/${name}/messages${query}`);
  return ((await answer.json()) as { data: Message[] }).data;
};

type BodyInit = string | Uint8Array<ArrayBuffer>;

describe('what the inbox keeps', () => {
  test('every request with its method, headers, body and the answer it got, newest first', async () => {
    await post('a', '{"n":1}', { 'content-type': 'application/json', 'x-mine': 'yes' });
    await fetch(`${origin}/inbox/a`, { method: 'DELETE' });
    const [second, first] = await messages('a');
    expect(first).toMatchObject({
      id: 1,
      method: 'POST',
      body: '{"n":1}',
      answer: { status: 200 },
      signature: null,
    });
    expect(first?.headers['x-mine']).toBe('yes');
    expect(second).toMatchObject({ id: 2, method: 'DELETE', body: '' });
  });

  test('bodies that are no JSON and no text', async () => {
    await post('a', '{broken', { 'content-type': 'application/json' });
    await post('a', new Uint8Array([0xff, 0xfe, 0x00]), { 'content-type': 'application/octet-stream' });
    const [binary, broken] = await messages('a');
    expect(broken?.body).toBe('{broken');
    expect(binary).toMatchObject({ body_encoding: 'base64', body: '//4A' });
  });

  test('no HEAD and no OPTIONS, which only ask about it', async () => {
    const head = await fetch(`${origin}/inbox/a`, { method: 'HEAD' });
    const options = await fetch(`${origin}/inbox/a`, { method: 'OPTIONS' });
    expect([head.status, options.status, options.headers.get('allow')]).toEqual([
      200,
      204,
      expect.stringContaining('POST'),
    ]);
    expect(await messages('a')).toEqual([]);
  });

  test('the last 1,000 a name, and DELETE clears them', async () => {
    for (let batch = 0; batch < 21; batch++)
      await Promise.all(Array.from({ length: 50 }, () => post('many')));
    const kept = await messages('many');
    expect(kept).toHaveLength(1_000);
    expect([kept[0]?.id, kept[999]?.id]).toEqual([1_050, 51]);
    await fetch(`${origin}/inbox/many/messages`, { method: 'DELETE' });
    expect(await messages('many')).toEqual([]);
  });

  test('a reader can wait for messages that come later', async () => {
    const waiting = messages('slow', '?wait_ms=10000&count=2');
    await post('slow', 'one');
    await post('slow', 'two');
    expect((await waiting).map((message) => message.body)).toEqual(['two', 'one']);
    expect(await messages('slow', '?after=1')).toHaveLength(1);
  });
});

describe('how the inbox answers', () => {
  test('with the status, body and Retry-After it was told', async () => {
    await put('a', { status: 429, body: { why: 'slow down' }, retry_after: 7 });
    const answer = await post('a');
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
      429,
      '7',
      { why: 'slow down' },
    ]);
  });

  test('n times, then 200 again, by behaviour and by URL', async () => {
    await put('a', { status: 500, times: 2 });
    const told = [await post('a'), await post('a'), await post('a')];
    expect(told.map(({ status }) => status)).toEqual([500, 500, 200]);
    const asked = [await post('b?status=503&times=1'), await post('b?status=503&times=1')];
    expect(asked.map(({ status }) => status)).toEqual([503, 200]);
  });

  test('not at all when told to hang, and closing does not wait for it', async () => {
    const hanging = post('a?hang=true').catch(() => 'cut off');
    expect(await messages('a', '?wait_ms=5000')).toMatchObject([{ answer: { status: null, hung: true } }]);
    await app.close();
    expect(await hanging).toBe('cut off');
  });

  test('503 while the plug is pulled, then as before', async () => {
    await put('a', { status: 202 });
    await put('a', { plugged: false });
    expect((await post('a')).status).toBe(503);
    await put('a', { plugged: true });
    expect((await post('a')).status).toBe(202);
  });

  test('nonsense is refused with the field named', async () => {
    const answer = await put('a', { status: 99, colour: 'red' });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { detail: string }).detail).toMatch(
      /status[\s\S]*colour|colour[\s\S]*status/,
    );
  });
});

describe('signatures', () => {
  const secret = `whsec_${Buffer.from('a key of thirty-two bytes, or so').toString('base64')}`;

  test('are reported as there, and judged once the secret is known', async () => {
    const body = '{"event_type":"workitem_created"}';
    const key = Buffer.from(secret.slice(6), 'base64');
    const signature = `v1,${createHmac('sha256', key).update(`m1.1700000000.${body}`).digest('base64')}`;
    const headers = { 'webhook-id': 'm1', 'webhook-timestamp': '1700000000', 'webhook-signature': signature };
    await post('a', body, headers);
    await put('a', { secret });
    await post('a', body, headers);
    await post('a', `${body} `, headers);
    const found = await messages('a');
    expect(found.map((message) => message.signature?.valid)).toEqual([false, true, null]);
    expect(JSON.stringify(await (await fetch(`${origin}/inbox/a/behaviour`)).json())).not.toContain(secret);
  });

  test.each(['hush', secret])(
    'X-Hub-Signature-256 as the connectors make it, with the secret %s',
    async (given) => {
      await put('a', { secret: given });
      const sign = createSigner({ type: 'hub-sha256', secrets: [given] })!;
      await post('a', 'x', sign('m1', 1_700_000_000, 'x'));
      expect((await messages('a'))[0]?.signature).toEqual({ scheme: 'hub-sha256', valid: true });
    },
  );
});

describe('the page', () => {
  test('a browser gets a page under a strict policy, and everything it loads is there', async () => {
    for (const path of ['/inbox', '/inbox/demo']) {
      const page = await fetch(origin + path, { headers: { accept: 'text/html' } });
      const html = await page.text();
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(html).not.toMatch(/<script>|style="|onclick/);
      for (const [, file] of html.matchAll(/(?:src|href)="(\/inbox\/-\/[^"]+)"/g)) {
        expect((await fetch(origin + file)).status).toBe(200);
      }
    }
    expect(await messages('demo')).toEqual([]);
  });
});
