import type pg from 'pg';

export interface StatementTiming {
  calls: number;
  ms: number;
  rows: number;
}

/** Adds up, per statement name, how long the caller waited for it. Statements without a name are one. */
export function timeStatements(pool: pg.Pool): () => [name: string, timing: StatementTiming][] {
  const timings = new Map<string, StatementTiming>();
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult> | undefined;
    const timed = (...args: unknown[]) => {
      const { name = '(unnamed)' } = args[0] as { name?: string };
      const from = performance.now();
      const ended = (rows: number) => {
        const timing = timings.get(name) ?? { calls: 0, ms: 0, rows: 0 };
        timings.set(name, timing);
        timing.calls++;
        timing.ms += performance.now() - from;
        timing.rows += rows;
      };
      // `pool.query` passes a callback, `client.query` of a transaction does not.
      const last = args.at(-1);
      if (typeof last === 'function') {
        args[args.length - 1] = (error: unknown, result?: pg.QueryResult) => {
          ended(result?.rowCount ?? 0);
          last(error, result);
        };
        return query(...args);
      }
      const result = query(...args);
      result?.then(
        (answer) => ended(answer.rowCount ?? 0),
        () => {},
      );
      return result;
    };
    client.query = timed as unknown as typeof client.query;
  });
  return () => [...timings];
}
