import { resolve } from 'node:path';
import { didYouMean, suggest } from '@signalbox/engine';
import { type Config, ConfigProblems, type Origin } from './config.ts';
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingValues } from './settings.ts';
import { type Environment, findSetting, openSources, type Sources } from './sources.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/**
 * Reads the configuration from the environment and from `.env` in `directory`; the environment wins.
 * Throws {@link ConfigProblems} with everything that is wrong at once.
 */
export function readConfig(env: Environment, directory: string): Config {
  const problems: string[] = [];
  const sources = openSources(env, directory);
  problems.push(...unknownNames(sources));
  const origins = {} as Record<SettingName, Origin>;
  const values = {} as Record<SettingName, unknown>;
  for (const name of SETTING_NAMES) {
    origins[name] = originOf(sources, name, problems);
    values[name] = parse(name, origins[name], problems);
  }
  if (problems.length > 0) throw new ConfigProblems(problems);
  return assemble(values as SettingValues, origins, directory, misspelt(sources));
}

function originOf(sources: Sources, name: SettingName, problems: string[]): Origin {
  const found = findSetting(sources, name, problems);
  if (found !== null) return found;
  // NODE_ENV is everybody's: test and staging are fine there, and mean development to us.
  if (name === 'SIGNALBOX_ENV' && sources.find('NODE_ENV')?.text === 'production') {
    return { text: 'production', source: 'NODE_ENV' };
  }
  return { text: SETTINGS[name].fallback, source: 'default' };
}

function parse(name: SettingName, origin: Origin, problems: string[]): unknown {
  if (origin.text === null) return null;
  const { schema, expected, secret } = SETTINGS[name];
  const result = schema.safeParse(origin.text);
  if (result.success) return result.data;
  const got = secret === undefined ? `"${origin.text}"` : 'something else';
  const where = origin.source === 'environment' ? '' : ` (${origin.source})`;
  problems.push(`${name} must be ${expected}, got ${got}${where}.`);
  return null;
}

function assemble(
  values: SettingValues,
  origins: Record<SettingName, Origin>,
  directory: string,
  warnings: string[],
): Config {
  const environment = values.SIGNALBOX_ENV!;
  const development = environment === 'development';
  return {
    environment,
    databaseUrl: values.DATABASE_URL,
    dataDirectory: resolve(directory, values.SIGNALBOX_DATA!),
    secretKeys: values.SECRET_KEY ?? [],
    host: values.HOST!,
    port: values.PORT!,
    publicUrl: values.SIGNALBOX_URL?.replace(/\/+$/, '') ?? null,
    concurrency: values.CONCURRENCY!,
    egressAllow: [...values.EGRESS_ALLOW!, ...(development ? LOOPBACK : [])],
    retention: { successDays: values.RETENTION_SUCCESS_DAYS!, failureDays: values.RETENTION_FAILURE_DAYS! },
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT! * 1_000,
    logLevel: values.LOG_LEVEL!,
    origins,
    warnings: [...warnings, ...exposed(development, values.HOST!), ...secretKeyMissing(values)],
  };
}

/** The SIGNALBOX_ names are ours alone, so one that we do not know is a mistake. */
function unknownNames(sources: Sources): string[] {
  const known = SETTING_NAMES.flatMap((name) => [name, `${name}_FILE`]);
  return sources.names
    .filter(({ name }) => name.startsWith('SIGNALBOX_') && !known.includes(name))
    .map(({ name, source }) => `${name} (${source}) is not a setting.${didYouMean(name, known)}`);
}

/** Other names may belong to somebody else: one that nearly is ours is only pointed out. */
function misspelt(sources: Sources): string[] {
  const known: string[] = SETTING_NAMES;
  return sources.names
    .filter(({ name, source }) => source === '.env' && !known.includes(name.replace(/_FILE$/, '')))
    .filter(({ name }) => !name.startsWith('SIGNALBOX_') && suggest(name, known) !== null)
    .map(({ name }) => `${name} in .env is not a setting.${didYouMean(name, known)}`);
}

function exposed(development: boolean, host: string): string[] {
  const local = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (!development || local) return [];
  return [`HOST is ${host} in development: the inbox is open to whoever reaches this machine.`];
}

function secretKeyMissing(values: SettingValues): string[] {
  if (values.SECRET_KEY !== null || values.DATABASE_URL === null || values.SIGNALBOX_ENV !== 'production')
    return [];
  return [
    'SECRET_KEY is not set: a key in the data directory is used, which other machines do not have. Set the same SECRET_KEY everywhere.',
  ];
}
