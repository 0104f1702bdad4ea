import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { Postgres, RedisServer } from './servers.ts';
import { quantile } from './statistics.ts';

/** What a reader must know to compare two tables. */
export function describeMachine(
  postgres: Postgres,
  redis: RedisServer | null,
): [name: string, value: string][] {
  const [cpu] = os.cpus();
  const { settings } = postgres;
  return [
    ['date', new Date().toISOString().slice(0, 16).replace('T', ' ')],
    ['commit', commit()],
    ['cores', `${os.cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`],
    ['memory', `${(os.totalmem() / 2 ** 30).toFixed(0)} GiB`],
    ['system', `${os.type()} ${os.release()}, ${os.arch()}`],
    ['Node', process.version],
    ['Postgres', `${postgres.version} (${postgres.isOwn ? 'started for this run' : 'BENCH_DATABASE_URL'})`],
    [
      'Postgres settings',
      Object.entries(settings)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    [
      'fsync of 8 KiB',
      postgres.isOwn ? `${fsyncMs().toFixed(2)} ms (median of 50)` : 'not known: another machine may have it',
    ],
    ['Redis', redis ? `${redis.version} (${redis.durability})` : 'none: rows of BullMQ are left out'],
    [
      'packages',
      ['undici', 'pg', 'bullmq', 'pg-boss'].map((name) => `${name} ${versionOf(name)}`).join(', '),
    ],
  ];
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: import.meta.dirname, stdio: 'pipe' }).toString();
    const changed = git('status', '--porcelain', '--', '../../packages', '..').trim() !== '';
    return (
      git('rev-parse', '--short', 'HEAD').trim() + (changed ? ' with changes that are not committed' : '')
    );
  } catch {
    return 'unknown';
  }
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  for (let folder = path.dirname(require.resolve(name)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    const about = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
    if (about.name === name) return about.version;
    if (folder === path.dirname(folder)) return '?';
  }
}

/** Where the databases lie: a disk that does not really write makes every figure with commits in it better. */
function fsyncMs(): number {
  const file = path.join(os.tmpdir(), `signalbox-bench-fsync-${process.pid}`);
  const handle = fs.openSync(file, 'w');
  const block = Buffer.alloc(8_192, 1);
  try {
    const times = Array.from({ length: 50 }, () => {
      const from = performance.now();
      fs.writeSync(handle, block);
      fs.fdatasyncSync(handle);
      return performance.now() - from;
    });
    return quantile(times, 0.5);
  } finally {
    fs.closeSync(handle);
    fs.rmSync(file);
  }
}
