import { z } from 'zod';
import { setting } from './setting.ts';
import { cidrList, splitList, urlOf, wholeNumber } from './value-types.ts';

/**
 * Every environment variable, in the order in which the reference lists them. This is the only place
 * where one is named: `readConfig` reads it, `signalbox config` prints it, the reference is made of it.
 */
export const SETTINGS = {
  SIGNALBOX_ENV: setting({
    description:
      'What this installation is for. `development` has the built-in inbox, demo data and calls to this ' +
      'machine; `production` has none of them and asks for https. `NODE_ENV` is taken when this is absent.',
    expected: 'development or production',
    schema: z.enum(['development', 'production']),
    fallback: 'development',
    fallbackText: '`production` if `NODE_ENV` says so, else `development`',
    example: 'production',
  }),
  DATABASE_URL: setting({
    description:
      'The Postgres server that holds everything (15 or newer). Absent: an embedded database in ' +
      '`SIGNALBOX_DATA`, good for one process.',
    expected: 'a URL like postgres://user:password@host:5432/database',
    schema: urlOf('postgres', 'postgresql'),
    fallback: null,
    fallbackText: 'the embedded database',
    secret: 'password',
    example: 'postgres://signalbox:secret@localhost:5432/signalbox',
  }),
  SIGNALBOX_DATA: setting({
    description:
      'The directory of the embedded database, of the generated secret key and of the key and secret of the demo. ' +
      'Relative paths start at the working directory.',
    expected: 'the path of a directory',
    schema: z.string().min(1),
    fallback: '.signalbox',
    example: '/var/lib/signalbox',
  }),
  SECRET_KEY: setting({
    description:
      'Seals the secrets of integrations in the database. Comma separated; the first one seals, all of them ' +
      'open, so a new key goes to the front and the old one stays until everything is sealed anew. Each is ' +
      '32 bytes in base64 or any text of at least 16 characters. Every process must have the same. ' +
      'Absent: generated once into `secret.key` in `SIGNALBOX_DATA`.',
    expected:
      'one or more keys separated by commas, each 32 bytes in base64 or a text of at least 16 characters',
    schema: z
      .string()
      .transform(splitList)
      .refine((keys) => keys.length > 0 && keys.every((key) => key.length >= 16)),
    fallback: null,
    fallbackText: 'generated once into `secret.key`',
    secret: 'whole',
    example: 'q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJ0A8=',
  }),
  HOST: setting({
    description: 'The address the web role listens on. `0.0.0.0` for every network of this machine.',
    expected: 'an IP address or a host name',
    schema: z.string().regex(/^[A-Za-z0-9.:_-]+$/),
    fallback: '127.0.0.1',
  }),
  PORT: setting({
    description: 'The port the web role listens on. 0 takes any free one.',
    expected: 'a whole number from 0 to 65535',
    schema: wholeNumber(0, 65_535),
    fallback: '3000',
  }),
  SIGNALBOX_URL: setting({
    description: 'How this installation is reached from outside, for links. Without a path.',
    expected: 'a URL like https://signalbox.example.com',
    schema: urlOf('http', 'https'),
    fallback: null,
    fallbackText: '`http://HOST:PORT`',
    example: 'https://signalbox.example.com',
  }),
  CONCURRENCY: setting({
    description:
      'Deliveries under way at once in one worker. Slots, not processes: a slow receiver costs memory only.',
    expected: 'a whole number from 1 to 10000',
    schema: wholeNumber(1, 10_000),
    fallback: '64',
    unit: 'deliveries',
  }),
  EGRESS_ALLOW: setting({
    description:
      'Addresses that integrations may call although they are not public, as CIDRs separated by commas. ' +
      'Development adds this machine (`127.0.0.0/8`, `::1/128`), so that the inbox can be reached.',
    expected: 'addresses or CIDRs separated by commas, such as 10.0.0.0/8,fd00::/8',
    schema: cidrList(),
    fallback: '',
    fallbackText: 'none',
    example: '10.20.0.0/16,192.168.7.4',
  }),
  RETENTION_SUCCESS_DAYS: setting({
    description: 'How long delivered and cancelled syncs, their attempts and events are kept.',
    expected: 'a whole number from 1 to 3650',
    schema: wholeNumber(1, 3_650),
    fallback: '30',
    unit: 'days',
  }),
  RETENTION_FAILURE_DAYS: setting({
    description: 'The same for failed syncs.',
    expected: 'a whole number from 1 to 3650',
    schema: wholeNumber(1, 3_650),
    fallback: '90',
    unit: 'days',
  }),
  SHUTDOWN_TIMEOUT: setting({
    description:
      'How long a process that was asked to end waits for deliveries and requests under way. What is cut off is ' +
      'delivered again by another worker.',
    expected: 'a whole number from 0 to 3600',
    schema: wholeNumber(0, 3_600),
    fallback: '30',
    unit: 'seconds',
  }),
  LOG_LEVEL: setting({
    description: 'The least important log lines that are written.',
    expected: 'fatal, error, warn, info, debug, trace or silent',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    fallback: 'info',
  }),
};

export type SettingName = keyof typeof SETTINGS;

export type SettingValues = {
  [Name in SettingName]: (typeof SETTINGS)[Name] extends { schema: z.ZodType<infer T, string> }
    ? T | null
    : never;
};

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];
