import { type Pool, transaction } from '@signalbox/engine';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger } from '../../packages/engine/src/logger.ts';
import { createWakeups } from '../../packages/engine/src/wakeups.ts';
import { openPostgres } from '../../packages/server/src/database/postgres.ts';
import { onDatabase } from '../kit/databases.ts';

// Found by the rounds: a connection that broke while it was lent out ended the process with "Unhandled
// 'error' event". vitest fails a file in which that happens.

onDatabase('postgres', 'a connection that the server cuts', (open) => {
  test('between two statements of a transaction rejects it, and the process lives', async () => {
    const pool = await plainPool((await open()).url!);
    const cut = transaction(pool as unknown as Pool, async (tx) => {
      const { rows } = await tx.query({ text: 'select pg_backend_pid() as pid' });
      await pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    await expect(cut).rejects.toThrow();
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('while the host has it on loan is told to the host, and the process lives', async () => {
    const errors: Error[] = [];
    const { pool, close } = await openPostgres((await open()).url!, {
      onIdleError: (error) => errors.push(error),
    });
    onTestFinished(close);
    const client = await pool.connect();
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.release(true);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    // What pg hangs on the error is the whole connection, with its keys: nothing for a log.
    for (const error of errors) expect(error).not.toHaveProperty('client');
  });

  test('is replaced when it was the one that listens for wakeups, and close gives it back', async () => {
    const pool = await plainPool((await open()).url!);
    const wake = vi.fn();
    const wakeups = createWakeups(pool as unknown as Pool, silentLogger, wake);
    await vi.waitFor(() => expect(wake).toHaveBeenCalledTimes(2));
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = current_database()`,
    );
    await vi.waitFor(() => expect(wake).toHaveBeenCalledTimes(4), 5_000);
    const other = createWakeups(pool as unknown as Pool, silentLogger, null);
    wakeups.announce('changes');
    other.announce('syncs');
    await vi.waitFor(() => expect(wake.mock.calls.slice(4)).toEqual([['syncs']]));
    await other.close();
    await wakeups.close();
    await vi.waitFor(() => expect(pool.totalCount).toBe(pool.idleCount));
  });
});

async function plainPool(url: string): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  pool.on('error', () => {});
  onTestFinished(() => pool.end());
  return pool;
}
