import { test } from 'vitest';
import { onDatabase } from '../kit/databases.ts';
import { runShort } from './short-mode.ts';

onDatabase('embedded', 'the one process killed under load', () => {
  test('loses nothing, invents nothing, keeps the order, and repeats only what was in flight', {
    timeout: 240_000,
  }, async () => {
    await runShort({ database: 'embedded', rounds: 1 });
  });
});
