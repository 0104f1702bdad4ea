import { parseArgs } from 'node:util';

export interface Options {
  isQuick: boolean;
  /** Names of suites; empty: all. */
  only: string[];
  /** How long to wait for a quiet machine before each measurement. */
  quietMs: number;
  /** Whether bench/RESULTS.md is written. */
  write: boolean;
}

export const USAGE = `npm run bench -- [options]

  --quick          smaller and fewer rounds, under a minute; writes nothing
  --only a,b       only these suites: %s
  --quiet SECONDS  wait so long for a quiet machine before each measurement (20; with --quick 0)
  --write          write bench/RESULTS.md (a full run of all suites does so by itself)
  --no-write       never write it
  --help`;

/** Throws in words when an option is not known. */
export function readOptions(args: string[], suites: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      quiet: { type: 'string' },
      write: { type: 'boolean' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const only = values.only.split(',').filter((name) => name !== '');
  const unknown = only.find((name) => !suites.includes(name));
  if (unknown !== undefined) throw new Error(`--only knows ${suites.join(', ')}; got "${unknown}"`);
  const quietSeconds = Number(values.quiet ?? (values.quick ? 0 : 20));
  if (!(quietSeconds >= 0)) throw new Error(`--quiet must be a number of seconds, got "${values.quiet}"`);
  return {
    isQuick: values.quick,
    only,
    quietMs: quietSeconds * 1_000,
    write: values.write ?? (!values.quick && only.length === 0),
  };
}
