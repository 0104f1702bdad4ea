import type { Config, Origin } from './config.ts';
import type { Setting } from './setting.ts';
import { SETTING_NAMES, SETTINGS, type SettingName } from './settings.ts';

export interface EffectiveSetting {
  name: SettingName;
  /** Redacted. null: not set, and no default. */
  value: string | null;
  source: string;
}

/** Every setting as this process has it, secrets hidden. */
export function effectiveSettings(config: Config): EffectiveSetting[] {
  return SETTING_NAMES.map((name) => ({
    name,
    value: redact(SETTINGS[name], config.origins[name]),
    source: config.origins[name].source,
  }));
}

/** The reference page (docs/reference/configuration.md). */
export function configMarkdown(): string {
  const lines = [
    '# Configuration',
    '',
    'Everything is set by environment variables, or by the same names in a `.env` file in the working directory; the',
    'environment wins. A value may also be the content of a file: `NAME_FILE=/run/secrets/name` instead of `NAME`.',
    'An empty value counts as absent. `signalbox config` prints what is in effect and where each value came from.',
    '',
    '<!-- Written by `signalbox config --markdown`; edit packages/server/src/config/settings.ts instead. -->',
    '',
  ];
  for (const name of SETTING_NAMES) lines.push(...section(name, SETTINGS[name]));
  return lines.join('\n');
}

function section(
  name: SettingName,
  { description, expected, fallback, fallbackText, unit, example }: Setting,
): string[] {
  const lines = [`## ${name}`, '', description, '', `- Must be ${expected}.`];
  if (unit !== undefined) lines.push(`- Unit: ${unit}.`);
  lines.push(`- Default: ${fallbackText ?? `\`${fallback}\``}.`);
  if (example !== undefined) lines.push(`- Example: \`${name}=${example}\``);
  return [...lines, ''];
}

function redact(declaration: Setting, origin: Origin): string | null {
  if (origin.text === null || origin.text === '') return null;
  if (declaration.secret === 'whole') return '(hidden)';
  if (declaration.secret === 'password') return withoutPassword(origin.text);
  return origin.text;
}

/** `postgres://user:***@host/db`. Passwords given as a parameter are hidden too. */
export function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return '(hidden)';
  if (parsed.password !== '') parsed.password = '***';
  if (parsed.searchParams.has('password')) parsed.searchParams.set('password', '***');
  return parsed.href;
}
