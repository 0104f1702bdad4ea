import { styleText } from 'node:util';

const LEVELS: Record<number, { name: string; colour: 'gray' | 'green' | 'yellow' | 'red' | 'bgRed' }> = {
  10: { name: 'trace', colour: 'gray' },
  20: { name: 'debug', colour: 'gray' },
  30: { name: 'info ', colour: 'green' },
  40: { name: 'warn ', colour: 'yellow' },
  50: { name: 'error', colour: 'red' },
  60: { name: 'fatal', colour: 'bgRed' },
};

/** Turns pino's JSON lines into `12:30:01 info  what happened  key=value`. */
export function humanLines(to: { write(text: string): unknown }): { write(line: string): void } {
  return { write: (line) => void to.write(`${humanLine(line)}\n`) };
}

function humanLine(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const { name, colour } = LEVELS[level as number] ?? { name: String(level), colour: 'gray' };
  const clock = new Date(time as string).toTimeString().slice(0, 8);
  const details = Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`);
  const head = `${paint('gray', clock)} ${paint(colour, name)} ${msg ?? ''}`;
  const tail = details.length > 0 ? paint('gray', `  ${details.join(' ')}`) : '';
  const stack = (err as { stack?: string } | undefined)?.stack;
  return head + tail + (stack ? `\n${stack.replaceAll(/^/gm, '    ')}` : '');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function paint(colour: 'gray' | 'green' | 'yellow' | 'red' | 'bgRed', text: string): string {
  return styleText(colour, text, { validateStream: false });
}
