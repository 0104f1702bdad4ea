import { randomUUID } from 'node:crypto';
import type { Connection, Pool } from './database.ts';
import type { Logger } from './logger.ts';

const CHANNEL = 'signalbox';
/** Announcements of a kind are sent at once, but at most this often; in between they are one. */
const COALESCE_MS = 5;
const RECONNECT_MS = 2_000;

/**
 * Tells other processes that there may be work. `NOTIFY` runs after the event's commit and coalesced,
 * never inside its transaction: commits queue on its lock (5,642 writes/s against 2,814). Losing one
 * costs a poll's time, nothing else.
 */
export interface Wakeups {
  /** Tells the others; not this process, which knows. */
  announce(kind: WakeKind): void;
  close(): Promise<void>;
}

/** What there may be: changes to dispatch, or syncs to deliver. */
export type WakeKind = 'changes' | 'syncs';

interface NotifyingConnection extends Omit<Connection, 'on' | 'off'> {
  on(event: 'notification' | 'error', listener: (argument: unknown) => void): void;
  removeAllListeners(event: 'notification' | 'error'): void;
}

/** `onWake` is called for what other processes announce; null: this process only announces. */
export function createWakeups(
  pool: Pool,
  logger: Logger,
  onWake: ((kind: WakeKind) => void) | null,
): Wakeups {
  const sender = randomUUID();
  const announced = new Map<WakeKind, { at: number; again: NodeJS.Timeout | null }>();
  let closed = false;
  /** Gives the connection that listens up. */
  let endListening: (() => void) | null = null;
  let reconnecting: NodeJS.Timeout | null = null;
  let listening = onWake ? listen(onWake) : Promise.resolve();

  return {
    announce(kind) {
      if (closed) return;
      const last = announced.get(kind) ?? { at: Number.NEGATIVE_INFINITY, again: null };
      announced.set(kind, last);
      const sinceMs = performance.now() - last.at;
      if (sinceMs >= COALESCE_MS) return send(kind, last);
      last.again ??= setTimeout(() => {
        last.again = null;
        send(kind, last);
      }, COALESCE_MS - sinceMs);
    },
    async close() {
      closed = true;
      for (const { again } of announced.values()) if (again) clearTimeout(again);
      if (reconnecting) clearTimeout(reconnecting);
      await listening;
      endListening?.();
    },
  };

  function send(kind: WakeKind, last: { at: number }): void {
    last.at = performance.now();
    const payload = `${kind} ${sender}`;
    pool
      .query({ name: 'signalbox_announce', text: 'select pg_notify($1, $2)', values: [CHANNEL, payload] })
      .catch((error) => logger.debug({ err: error }, 'could not announce work; others find it by polling'));
  }

  async function listen(wake: (kind: WakeKind) => void): Promise<void> {
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
    connection.on('notification', (message) => {
      const [kind, from] = ((message as { payload?: string }).payload ?? '').split(' ');
      if (from !== sender && (kind === 'changes' || kind === 'syncs')) wake(kind);
    });
    try {
      await connection.query({ text: `listen ${CHANNEL}` });
    } catch (error) {
      logger.debug({ err: error }, 'could not listen for wakeups; polling goes on');
      end();
    }
    if (closed) end();
    if (isOver) return;
    endListening = end;
    // what was announced before
    wake('changes');
    wake('syncs');
  }

  function retry(wake: (kind: WakeKind) => void): void {
    if (closed) return;
    reconnecting = setTimeout(() => {
      listening = listen(wake);
    }, RECONNECT_MS);
  }
}
