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

interface NotifyingConnection extends Omit<Connection, 'on' | 'off'> {
  on(event: 'notification' | 'error', listener: (argument: unknown) => void): void;
  removeAllListeners(event: 'notification' | 'error'): void;
}

/** `onWake` is called for what other processes announce; null: this process only announces. */
export function createWakeups(pool: Pool, logger: Logger, onWake: (() => void) | null): Wakeups {
  let closed = false;
  /** Gives the connection that listens up. */
  let endListening: (() => void) | null = null;
  let announcing: NodeJS.Timeout | null = null;
  let reconnecting: NodeJS.Timeout | null = null;
  let listening = onWake ? listen(onWake) : Promise.resolve();

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
      endListening?.();
    },
  };

  async function listen(wake: () => void): Promise<void> {
    let connection: NotifyingConnection;
    try {
      connection = (await pool.connect()) as NotifyingConnection;
    } catch (error) {
      logger.debug({ err: error }, 'could not listen for wakeups; polling goes on');
      retry(wake);
      return;
    }
    let isOver = false;
    // Once: a connection that breaks may say so twice (the server's last words, then the end of the stream).
    const end = () => {
      if (isOver) return;
      isOver = true;
      endListening = null;
      connection.removeAllListeners('notification');
      // destroyed, not returned: it listens
      connection.release(true);
      retry(wake);
    };
    connection.on('error', end);
    connection.on('notification', wake);
    try {
      await connection.query({ text: `listen ${CHANNEL}` });
    } catch (error) {
      logger.debug({ err: error }, 'could not listen for wakeups; polling goes on');
      end();
    }
    if (closed) end();
    if (isOver) return;
    endListening = end;
    wake();
  }

  function retry(wake: () => void): void {
    if (closed) return;
    reconnecting = setTimeout(() => {
      listening = listen(wake);
    }, RECONNECT_MS);
  }
}
