import { Pool } from 'undici';
import type { RawSettings, Running } from './sender.ts';

/** The unit of all ratios: measured best between 8 and 64. */
const CONNECTIONS = 16;

/** Posts the same body again and again over kept-alive connections and reads the answers as text. No database. */
export async function startRaw({ url, body, requests }: RawSettings): Promise<Running> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  let sent = 0;
  const slot = async () => {
    while (sent < requests) {
      const answer = await pool.request({
        path: pathname,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'webhook-id': String(++sent) },
        body,
      });
      await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`the receiver answered ${answer.statusCode}`);
    }
  };
  const sending = Promise.all(Array.from({ length: CONNECTIONS }, slot));
  return {
    async stop() {
      await sending;
      await pool.close();
    },
  };
}
