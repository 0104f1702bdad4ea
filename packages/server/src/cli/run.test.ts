import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import type { Context } from './context.ts';
import { buildProgram } from './program.ts';
import { runCommand } from './testing/run-command.ts';

describe('a command that is called wrongly', () => {
  test.each([
    [['inspekt'], /unknown command 'inspekt'[\s\S]*Did you mean inspect\?/],
    [['inspect', 'activ'], /unknown command 'activ'[\s\S]*Did you mean active\?/],
    [['tenant', 'list', '--jsno'], /unknown option '--jsno'[\s\S]*Did you mean --json\?/],
    [['tenant', 'create', '--name', 'x'], /required option '--slug <slug>'/],
    [['tenant', 'create', '--slug', 'Not A Slug', '--name', 'x'], /--slug must be .* got "Not A Slug"/],
    [
      ['apikey', 'create', '--name', 'x', '--role', 'king'],
      /Allowed choices are owner, admin, operator, viewer/,
    ],
    [['apikey', 'revoke', 'x'], /Expected a whole number/],
    [['sync', 'list', '--limit', '0'], /Expected a whole number from 1 to 200/],
    [['sample', 'workitem_creatd'], /Did you mean "workitem_created"\?/],
    [['retry-failed', '--since', 'yesterday'], /Expected an age such as 30m, 2h or 7d/],
    [['integration', 'create', '--header', 'nonsense'], /Expected 'Name: value'/],
  ])('%j says what was expected and exits with 2', async (argv, message) => {
    const { code, stdout, stderr } = await runCommand(argv);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('every command', () => {
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
  const pathOf = (command: Command): string[] =>
    command.parent === null ? [] : [...pathOf(command.parent), command.name()];
  const all = leaves(buildProgram({ io: {} } as Context));

  test.each(all.map((command) => [pathOf(command).join(' '), pathOf(command)]))(
    '%s explains itself with examples, which start with its own name',
    async (name, path) => {
      const { code, stdout } = await runCommand([...path, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: signalbox ${name}`);
      expect(stdout).toMatch(new RegExp(`Examples:\n  \\$ signalbox ${name}`));
    },
  );
});

describe('commands that need no database', () => {
  test('sample prints what a receiver gets, alone on stdout', async () => {
    const { stdout, code } = await runCommand(['sample', 'workitem_status_changed']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      event_type: 'workitem_status_changed',
      workitem: { reference_id: 'RMA-123' },
    });
  });

  test('event-types lists them all', async () => {
    const { stdout } = await runCommand(['event-types', '--json']);
    const names = JSON.parse(stdout).map(({ name }: { name: string }) => name);
    expect(names).toContain('workitem_created');
    expect(names).toContain('customer_updated');
  });

  test('config prints every setting with its source', async () => {
    const { stdout } = await runCommand(['config', '--json']);
    expect(JSON.parse(stdout).settings).toContainEqual({ name: 'PORT', value: '3000', source: 'default' });
    expect((await runCommand(['config', '--markdown'])).stdout).toMatch(/^# Configuration/);
  });
});
