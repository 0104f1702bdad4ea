import { expect, test } from 'vitest';
import { ROOT, runnableBlocks } from './lib/blocks.ts';
import { expectOutput } from './lib/expect-output.ts';
import { startProgram } from './lib/program.ts';
import { openTerminal } from './lib/terminal.ts';

test('the first five minutes of the README work as pasted, and print what it says', {
  timeout: 240_000,
}, async () => {
  const program = await startProgram();
  await program.quiet();
  const terminal = openTerminal(ROOT, program.env);
  let printed = '';
  let compared = 0;
  for (const block of runnableBlocks('README.md')) {
    const where = `README.md:${block.line}`;
    if (block.language === 'text') {
      expect(block.follows, `${where} must stand directly after the block that prints it`).toBe(true);
      expectOutput(printed, block.text, where);
      compared++;
      continue;
    }
    printed = await terminal.paste(block.text.replaceAll('localhost:3000', `localhost:${program.port}`));
    await program.quiet();
  }
  expect(compared).toBeGreaterThan(5);
  expect(await program.interrupt(), 'Ctrl-C ends it with exit code 0').toBe(0);
});
