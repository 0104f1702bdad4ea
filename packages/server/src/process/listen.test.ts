import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { checkAddress } from './listen.ts';

test('an address that can be listened on is left free', async () => {
  const port = await takenPort(0);
  await expect(checkAddress({ host: '127.0.0.1', port })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is in use, perhaps by another Signalbox. Set PORT to another one; 0 takes any.`,
  );
  await expect(checkAddress({ host: '192.0.2.1', port: 0 })).rejects.toThrow(
    '192.0.2.1 is not an address of this machine.',
  );
  await checkAddress({ host: '127.0.0.1', port: 0 });
});

async function takenPort(port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}
