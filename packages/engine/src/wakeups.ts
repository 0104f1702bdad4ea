import type { Connection, Pool } from './database.ts';
import type { Logger } from './logger.ts';

const CHANNEL = 'signalbox';
/** Wakings of other processes are sent at most this often; in between they are one. */
const COALESCE_MS = 5;
const RECONNECT_MS = 2_000;

/**
 * Tells other processes that there may be work. `NOTIFY` runs after the event's commit and coalesced,
 * never inside its transaction: commits queue on its lock (5,642 writes/s against 2,814). Losing one
 * costs a poll's time, nothing else.
 */
export interface Wakeups {
  /** Tells the others. */
  announce(): void;
  close(): Promise<void>;
}

interface NotifyingConnection extends Connection {
  on(event: 'notification' | 'error', listener: (argument: unknown) => void): void;
  removeAllListeners(event: 'notification' | 'error'): void;
}

/** `onWake` is called for what other processes announce; null: this process only announces. */
export function createWakeups(pool: Pool, logger: Logger, onWake: (() => void) | null): Wakeups {
  let closed = false;
  let listener: NotifyingConnection | null = null;
  let announcing: NodeJS.Timeout | null = null;
  let reconnecting: NodeJS.Timeout | null = null;
  const listening = onWake ? listen(onWake) : Promise.resolve();

  return {
    announce() {
      if (announcing || closed) return;
      announcing = setTimeout(() => {
        announcing = null;
        pool.query({ text: `notify ${CHANNEL}` }).catch((error) => {
          logger.debug({ err: error }, 'could not announce work; others find it by polling');
        });
      }, COALESCE_MS);
    },
    async close() {
      closed = true;
      if (announcing) clearTimeout(announcing);
      if (reconnecting) clearTimeout(reconnecting);
      await listening;
      listener?.removeAllListeners('notification');
      // destroyed, not returned: it listens
      listener?.release(true);
    },
  };

  async function listen(wake: () => void): Promise<void> {
    try {
      const connection = (await pool.connect()) as NotifyingConnection;
      connection.on('notification', wake);
      connection.on('error', () => {
        listener = null;
        connection.release(true);
        retry(wake);
      });
      await connection.query({ text: `listen ${CHANNEL}` });
      listener = connection;
      wake();
    } catch (error) {
      logger.debug({ err: error }, 'could not listen for wakeups; polling goes on');
      retry(wake);
    }
  }

  function retry(wake: () => void): void {
    if (closed) return;
    reconnecting = setTimeout(() => void listen(wake), RECONNECT_MS);
  }
}
