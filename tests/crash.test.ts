import { expect, test } from 'vitest';
import { createApp } from './kit/app-process.ts';
import { onEveryDatabase } from './kit/databases.ts';
import { createReceiver } from './kit/receiver.ts';

interface Delivered {
  workitem: { id: number };
}

onEveryDatabase('a killed process', (open, kind) => {
  test('delivers after restart whatever had been acknowledged, and repeats only what was in flight', {
    timeout: 240_000,
  }, async () => {
    const app = await createApp(kind === 'postgres' ? await open() : null);
    const receiver = await createReceiver({ waitMs: 60_000 });
    await app.start();
    const { api } = await app.tenant('acme');
    const made = await api('POST', '/integrations', {
      name: 'Receiver',
      connector: 'webhook',
      event_types: ['workitem_created'],
      url: receiver.url('main'),
    });
    expect(made.status).toBe(201);

    const acknowledged: number[] = [];
    for (const count of [1, 7, 20]) {
      for (let n = 0; n < count; n++) {
        const answer = await api('POST', '/work-items', { description: `item ${n}` });
        acknowledged.push((answer.body as { id: number }).id);
      }
      // right after the last acknowledgement, before anything else can run
      await app.end('SIGKILL');
      await app.start();
    }
    let lastSeen = new Set<number>();
    const seen = async () =>
      (await receiver.received('main', 0)).map(
        (message) => (JSON.parse(message.body) as Delivered).workitem.id,
      );
    const deadline = Date.now() + 60_000;
    while (acknowledged.some((id) => !lastSeen.has(id)) && Date.now() < deadline) {
      lastSeen = new Set(await seen());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(acknowledged.filter((id) => !lastSeen.has(id))).toEqual([]);
    expect([...lastSeen].filter((id) => !acknowledged.includes(id))).toEqual([]);
    const repeats = (await seen()).length - lastSeen.size;
    expect(repeats).toBeLessThanOrEqual(3 * 64);
    expect(await app.end('SIGTERM')).toBe(0);
  });
});
