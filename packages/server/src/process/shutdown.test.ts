import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { HostProcess } from './host-process.ts';
import { createLogger } from './logger.ts';
import { drain, untilEnding } from './shutdown.ts';

function fakeProcess() {
  const signals = new Set<(signal: string) => void>();
  const errors = new Set<(error: unknown) => void>();
  const exits: number[] = [];
  const host: HostProcess = {
    onStopSignal(listener) {
      signals.add(listener);
      return () => signals.delete(listener);
    },
    onUncaught(listener) {
      errors.add(listener);
      return () => errors.delete(listener);
    },
    exit: (code) => exits.push(code),
    setRawInput() {},
  };
  return {
    host,
    exits,
    signal(name: string) {
      for (const listener of signals) listener(name);
    },
    fail(error: Error) {
      for (const listener of errors) listener(error);
    },
    listeners: () => signals.size + errors.size,
  };
}

const logger = createLogger(process.stderr, { level: 'silent', human: false });

describe('ending', () => {
  test('the first signal, or an error that nobody caught, is the reason', async () => {
    const asked = fakeProcess();
    const first = untilEnding(asked.host, () => 7);
    asked.signal('SIGTERM');
    asked.signal('SIGINT');
    expect(await first.ending).toEqual({ kind: 'signal', signal: 'SIGTERM', at: 7 });
    first.stopListening();
    expect(asked.listeners()).toBe(0);

    const broken = fakeProcess();
    const second = untilEnding(broken.host);
    const error = new Error('x');
    broken.fail(error);
    expect(await second.ending).toEqual({ kind: 'uncaught', error });
  });

  test('parts end one after the other, and one that fails does not keep the next from ending', async () => {
    const order: string[] = [];
    const step = (name: string, fails = false) => ({
      name,
      async run() {
        await sleep(5);
        order.push(name);
        if (fails) throw new Error(name);
      },
    });
    const { host } = fakeProcess();
    expect(await drain([step('web'), step('worker', true), step('database')], 5_000, host, logger)).toBe(
      false,
    );
    expect(order).toEqual(['web', 'worker', 'database']);
    expect(await drain([step('web')], 5_000, host, logger)).toBe(true);
  });

  test('it is given up when the time is up', async () => {
    const { host } = fakeProcess();
    const never = { name: 'worker', run: () => new Promise(() => {}) };
    expect(await drain([never], 20, host, logger)).toBe(false);
  });

  test('a second signal ends at once', async () => {
    const { host, signal, exits } = fakeProcess();
    const slow = { name: 'worker', run: () => sleep(50) };
    const drained = drain([slow], 5_000, host, logger);
    signal('SIGINT');
    expect(exits).toEqual([1]);
    await drained;
  });

  test('a signal that repeats the first within a second is the same request', async () => {
    const { host, signal, exits } = fakeProcess();
    const slow = { name: 'worker', run: () => sleep(50) };
    let time = 5_000;
    const drained = drain([slow], 5_000, host, logger, { askedAt: time, now: () => time });
    time += 999;
    signal('SIGINT');
    expect(exits).toEqual([]);
    time += 1;
    signal('SIGINT');
    expect(exits).toEqual([1]);
    await drained;
  });
});
