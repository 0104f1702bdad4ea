import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigProblems } from './config.ts';
import { configMarkdown, effectiveSettings, withoutPassword } from './describe.ts';
import { readConfig } from './read-config.ts';
import { readOrCreateSecretKey } from './secret-key.ts';
import { SETTING_NAMES } from './settings.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signalbox-config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function problemsOf(env: Record<string, string>): string[] {
  try {
    readConfig(env, directory);
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
  return [];
}

describe('reading the configuration', () => {
  test('an empty environment is a working development set-up', () => {
    const config = readConfig({}, directory);
    expect(config).toMatchObject({
      environment: 'development',
      databaseUrl: null,
      dataDirectory: join(directory, '.signalbox'),
      host: '127.0.0.1',
      port: 3000,
      concurrency: 64,
      egressAllow: ['127.0.0.0/8', '::1/128'],
      retention: { successDays: 30, failureDays: 90 },
      warnings: [],
    });
  });

  test('all problems are reported together, each with what was expected and what came', () => {
    const problems = problemsOf({
      PORT: '80a',
      CONCURRENCY: '0',
      DATABASE_URL: 'mysql://me:hunter2@db/x',
      EGRESS_ALLOW: '10.0.0.0/33',
      SIGNALBOX_DTAA: '/x',
      LOG_LEVEL: 'loud',
      SECRET_KEY_FILE: '/does/not/exist',
    });
    expect(problems).toEqual([
      'SIGNALBOX_DTAA (environment) is not a setting. Did you mean "SIGNALBOX_DATA"?',
      'DATABASE_URL must be a URL like postgres://user:password@host:5432/database, got something else.',
      'SECRET_KEY_FILE points at /does/not/exist, which does not exist.',
      'PORT must be a whole number from 0 to 65535, got "80a".',
      'CONCURRENCY must be a whole number from 1 to 10000, got "0".',
      'EGRESS_ALLOW must be addresses or CIDRs separated by commas, such as 10.0.0.0/8,fd00::/8, got "10.0.0.0/33".',
      'LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent, got "loud".',
    ]);
  });

  test('no problem shows a secret', () => {
    expect(problemsOf({ SECRET_KEY: 'hunter2' }).join()).not.toContain('hunter2');
  });

  test('.env is read, and the environment wins over it', () => {
    writeFileSync(join(directory, '.env'), 'PORT=4000\nHOST="127.0.0.2"\n');
    const config = readConfig({ PORT: '5000' }, directory);
    expect([config.port, config.host]).toEqual([5000, '127.0.0.2']);
    expect(config.origins.HOST.source).toBe('.env');
    expect(config.origins.PORT.source).toBe('environment');
  });

  test('a misspelt name in .env is pointed out, a foreign one is not', () => {
    writeFileSync(join(directory, '.env'), 'CONCURENCY=3\nAWS_REGION=eu\n');
    expect(readConfig({}, directory).warnings).toEqual([
      'CONCURENCY in .env is not a setting. Did you mean "CONCURRENCY"?',
    ]);
  });

  test('a value can come from a file, but not from both', () => {
    const path = join(directory, 'key');
    writeFileSync(path, 'a secret of some length\n');
    expect(readConfig({ SECRET_KEY_FILE: path }, directory).secretKeys).toEqual(['a secret of some length']);
    expect(problemsOf({ SECRET_KEY_FILE: path, SECRET_KEY: 'a secret of some length' })).toEqual([
      'SECRET_KEY and SECRET_KEY_FILE are both set; keep one of them.',
    ]);
  });

  test('production allows no call to this machine, and NODE_ENV=production is production', () => {
    const config = readConfig({ NODE_ENV: 'production', EGRESS_ALLOW: '10.0.0.0/8' }, directory);
    expect(config.environment).toBe('production');
    expect(config.egressAllow).toEqual(['10.0.0.0/8']);
    expect(readConfig({ NODE_ENV: 'test' }, directory).environment).toBe('development');
  });
});

describe('showing the configuration', () => {
  test('passwords and keys are hidden', () => {
    const env = {
      DATABASE_URL: 'postgres://me:hunter2@db/x?password=hunter3',
      SECRET_KEY: 'hunter4hunter4hunter4',
    };
    const shown = JSON.stringify(effectiveSettings(readConfig(env, directory)));
    expect(shown).not.toMatch(/hunter/);
    expect(withoutPassword('postgres://me:hunter2@db/x')).toBe('postgres://me:***@db/x');
  });

  test('the reference names every setting', () => {
    for (const name of SETTING_NAMES) expect(configMarkdown()).toContain(`## ${name}`);
  });
});

describe('the generated secret key', () => {
  test('it is made once and only its owner may read it', () => {
    const first = readOrCreateSecretKey(join(directory, 'data'));
    const second = readOrCreateSecretKey(join(directory, 'data'));
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.key).toBe(first.key);
    expect(statSync(first.path).mode & 0o777).toBe(0o600);
  });
});
