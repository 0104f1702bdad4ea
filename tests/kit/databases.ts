import { afterAll, afterEach, describe, expect, inject, onTestFinished } from 'vitest';
import { createTestDatabase, type DatabaseKind, type TestDatabase } from './test-database.ts';

/**
 * Runs a suite once on a Postgres server and once on the embedded database. `open` gives a database that
 * is disposed of by itself: after the test when called in one, after the suite when called in a hook.
 *
 * @example
 * onEveryDatabase('outbox', (open) => {
 *   test('an event is not captured when the transaction rolls back', async () => {
 *     const { pool } = await open();
 *   });
 * });
 */
export function onEveryDatabase(
  title: string,
  suite: (open: () => Promise<TestDatabase>, kind: DatabaseKind) => void,
): void {
  for (const kind of ['postgres', 'embedded'] as const) onDatabase(kind, title, suite);
}

/** Like {@link onEveryDatabase} for a suite that only one kind can run (two connections, a server's clock). */
export function onDatabase(
  kind: DatabaseKind,
  title: string,
  suite: (open: () => Promise<TestDatabase>, kind: DatabaseKind) => void,
): void {
  const { postgres, embeddedOnly } = inject('signalboxRun');
  const skip = kind === 'postgres' && !postgres && embeddedOnly;
  describe.skipIf(skip)(`${title} (${kind})`, () => {
    const ofTheSuite: TestDatabase[] = [];
    let failed = false;
    afterEach(({ task }) => {
      failed ||= task.result?.state === 'fail';
    });
    afterAll(async () => {
      for (const database of ofTheSuite) await database.dispose({ keep: failed });
    });

    const open = async () => {
      const database = await createTestDatabase(kind);
      if (expect.getState().currentTestName === undefined || !inTest(database)) ofTheSuite.push(database);
      return database;
    };
    suite(open, kind);
  });
}

/** Hooks have no test to be finished: then it is the suite's. */
function inTest(database: TestDatabase): boolean {
  try {
    onTestFinished(async ({ task }) => {
      await database.dispose({ keep: task.result?.state === 'fail' });
    });
    return true;
  } catch {
    return false;
  }
}
