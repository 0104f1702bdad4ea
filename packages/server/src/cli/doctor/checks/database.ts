import { type Check, fail, ok } from '../check.ts';

const OLDEST = 150_000;

export const database: Check = {
  id: 'database',
  title: 'The database can be reached',
  async run({ services: { engine, database } }) {
    const { rows } = await engine.pool.query<{ number: number; version: string }>({
      text: `select current_setting('server_version_num')::integer as number, current_setting('server_version') as version`,
    });
    const { number, version } = rows[0]!;
    const kind = database.kind === 'embedded' ? 'embedded Postgres' : 'Postgres';
    if (number >= OLDEST) return ok(`${kind} ${version} answers.`);
    return fail(
      `It is Postgres ${version}; 15 is the oldest that works.`,
      'Upgrade the server, or point DATABASE_URL at another.',
    );
  },
};
