import pg from 'pg';
import { startThread } from './database-thread.ts';
import { EmbeddedDatabaseError } from './errors.ts';
import type { WorkerRequest, WorkerSettings } from './worker-protocol.ts';
import { WorkerStream } from './worker-stream.ts';

export interface SessionOptions {
  settings: WorkerSettings;
  /** the thread's entry file; tests put a counting one in its place */
  workerUrl?: URL;
  /** called once when the thread ends without having been told to */
  onStopped?: (error: EmbeddedDatabaseError) => void;
}

/**
 * The one database session: a real `pg.Client` here, Postgres in a worker thread. Because the client is
 * pg's own, values, results and errors are the same as with a server. One query at a time, one caller at a
 * time: the pool sees to both.
 */
export interface Session {
  /** `pg.Client.query`. Settles only when the session is ready for the next query. */
  query(args: unknown[]): Promise<pg.QueryResult>;
  /** Runs pg's submittables (cursors), which answer in their own way. */
  submit<T extends pg.Submittable>(submittable: T): T;
  /** Whether the last query left a transaction open, failed or not. */
  inTransaction(): boolean;
  /** Something that is no SQL. The session must be idle. */
  request(request: WorkerRequest): Promise<unknown>;
  /** A new session as far as a caller can tell: no transaction, settings, temporary tables, statements. */
  reset(): Promise<void>;
  /** Why the session is dead, if it is. */
  readonly failure: EmbeddedDatabaseError | undefined;
  /** Closes the database and ends the thread. */
  close(): Promise<void>;
  /** Ends the thread at once; an unfinished transaction is rolled back by the next start. */
  terminate(because?: EmbeddedDatabaseError): Promise<void>;
}

/** Starts the database thread and connects to it. Rejects when the database cannot be opened. */
export async function startSession({ settings, workerUrl, onStopped }: SessionOptions): Promise<Session> {
  const thread = await startThread(settings, workerUrl);
  let stream: WorkerStream;
  let client: pg.Client;
  let closing = false;
  let failure: EmbeddedDatabaseError | undefined;

  void thread.ended.then((reason) => {
    failure ??= closing ? closedError() : stoppedError(reason);
    stream.destroy(failure);
    if (!closing) onStopped?.(failure);
  });
  await connect();

  async function connect(): Promise<void> {
    stream = new WorkerStream(thread.send);
    thread.onBytes((bytes) => stream.receive(bytes));
    client = new pg.Client({
      stream: () => stream,
      ssl: false,
      host: 'embedded',
      user: 'postgres',
      database: 'postgres',
      password: '',
    });
    client.on('error', () => {}); // only the thread's end gets here, and `failure` says it better
    await client.connect();
  }

  /** pg rejects on the error message, before the server has said which state the session is in. */
  async function settled(): Promise<void> {
    const { readyForQuery } = client as unknown as { readyForQuery?: boolean };
    if (readyForQuery !== false || failure) return;
    await new Promise<void>((resolve) => {
      client.once('drain', resolve);
      stream.once('close', resolve);
    });
  }

  return {
    get failure() {
      return failure;
    },
    async query(args) {
      if (failure) throw failure;
      try {
        return await client.query(...(args as [pg.QueryConfig]));
      } catch (error) {
        await settled();
        throw error;
      }
    },
    submit(submittable) {
      if (failure) throw failure;
      return client.query(submittable);
    },
    inTransaction: () => client.getTransactionStatus() !== 'I',
    async request(request) {
      if (failure) throw failure;
      return await thread.request(request);
    },
    async reset() {
      if (failure) throw failure;
      stream.destroy();
      await connect();
      await client.query('rollback');
      await client.query('discard all');
    },
    async close() {
      if (!failure) {
        closing = true;
        await thread.request('close');
      }
      await thread.ended;
    },
    async terminate(because) {
      closing = because === undefined;
      failure ??= because;
      await thread.terminate();
      await thread.ended;
    },
  };
}

function closedError(): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError('database_closed', 'The embedded database was closed.');
}

function stoppedError(reason: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    'database_stopped',
    `The embedded database stopped: ${reason}. Committed data is safe; restart the process to recover it.`,
  );
}
