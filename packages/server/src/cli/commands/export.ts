import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { examples } from '../examples.ts';
import { remark } from '../output.ts';

export function exportCommand({ io, withServices }: Context): Command {
  const command = new Command('export')
    .description(
      'Writes the embedded database as SQL that a Postgres server restores. The secret key is not in it.',
    )
    .option('-o, --output <file>', 'write it there instead of on stdout')
    .action(({ output }: { output?: string }) =>
      withServices(async ({ database, config }) => {
        if (database.kind !== 'embedded') {
          throw new CliError('The database is a Postgres server: use pg_dump "$DATABASE_URL" instead.');
        }
        const sql = await database.exportSql();
        if (output === undefined) io.stdout.write(sql);
        else
          await writeFile(resolve(io.cwd, output), sql, { mode: 0o600, flag: 'wx' }).catch(explain(output));
        remark(io, `Restore it with: psql "$DATABASE_URL" -f ${output ?? 'FILE'}`);
        if (config.secretKeys.length === 0) {
          remark(
            io,
            `Set SECRET_KEY_FILE=${config.dataDirectory}/secret.key there, or its secrets stay sealed.`,
          );
        }
      }),
    );
  return examples(command, 'export -o signalbox.sql', 'export | psql postgres://localhost/signalbox');
}

function explain(output: string) {
  return (error: NodeJS.ErrnoException): never => {
    if (error.code === 'EEXIST')
      throw new CliError(`${output} exists already; choose another name or remove it.`);
    throw new CliError(`${output} cannot be written: ${error.message}`);
  };
}
