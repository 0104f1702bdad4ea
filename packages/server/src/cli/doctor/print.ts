import type { Io } from '../io.ts';
import { counted, printLine } from '../output.ts';
import type { Finding } from './check.ts';

const SIGNS = { ok: '✓', warn: '!', fail: '✗' };

/** One line a finding, with what to do below those that need it, and a sentence at the end. */
export function printFindings(io: Io, findings: Finding[]): void {
  let title = '';
  for (const finding of findings) {
    const head = finding.title === title ? '' : finding.title;
    title = finding.title;
    if (head !== '') printLine(io, `\n${head}`);
    printLine(io, `  ${SIGNS[finding.state]} ${finding.says}`);
    if (finding.todo !== undefined) printLine(io, `    → ${finding.todo}`);
  }
  const failed = findings.filter(({ state }) => state === 'fail').length;
  const warned = findings.filter(({ state }) => state === 'warn').length;
  printLine(io, `\n${verdict(failed, warned)}`);
}

function verdict(failed: number, warned: number): string {
  if (failed > 0)
    return `${counted(failed, 'failure')} and ${counted(warned, 'warning')}. Begin with the first.`;
  return warned > 0 ? `It works, with ${counted(warned, 'warning')}.` : 'All is well.';
}
