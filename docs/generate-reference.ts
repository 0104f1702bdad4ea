/**
 * Writes what docs/reference says from the code itself, so that it cannot be wrong: scripts/generated.mjs
 * calls these, and `npm run check` fails when a page is out of date.
 */
import { Writable } from 'node:stream';
import { createCatalogue, REASONS } from '@signalbox/engine';
import type { Command } from 'commander';
import { judgeN8n } from '../packages/connectors/src/n8n/judge.ts';
import { buildAnswer, buildFailure } from '../packages/connectors/src/suite/fake-http.ts';
import { type JudgeContext, judge } from '../packages/connectors/src/webhook/judge.ts';
import type { Context } from '../packages/server/src/cli/context.ts';
import type { Io } from '../packages/server/src/cli/io.ts';
import { buildProgram } from '../packages/server/src/cli/program.ts';
import { type Access, run } from '../packages/server/src/cli/run.ts';
import { triggers } from '../packages/server/src/triggers/index.ts';

const GENERATED =
  '<!-- Made from the code by docs/generate-reference.ts: node scripts/generated.mjs --write -->';

type Schema = {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  format?: string;
  const?: unknown;
  additionalProperties?: unknown;
};

/** docs/reference/events.md */
export function eventsPage(): string {
  const catalogue = createCatalogue(triggers);
  const lines = [
    '# Events',
    '',
    GENERATED,
    '',
    'Every event type there is, and what a receiver gets. The same as JSON: `GET /api/v1/event-types`, a sample at',
    '`/api/v1/event-types/{type}/sample`, the JSON Schema at `/api/v1/event-types/{type}/schema`, and all of them as',
    '`webhooks` in `/openapi.json`.',
    '',
    '| event type | model | raised when |',
    '|---|---|---|',
    ...catalogue.eventTypes.map(({ name, model, description }) => row(code(name), code(model), description)),
    '',
    'A `created` event is raised once for a record, ever. A change that changes nothing raises nothing. One change raises',
    'every event whose condition holds, in the order of this list.',
    '',
    '## What every event has',
    '',
    '| key | type | what it is |',
    '|---|---|---|',
    ...envelopeRows(catalogue.schema(catalogue.eventTypes.find(({ on }) => on === 'update')!.name) as Schema),
    '',
    'Times are RFC 3339 in UTC, amounts are decimal text with two places, and a reference to a record that is not there is',
    '`null`.',
    '',
  ];
  for (const trigger of catalogue.triggers) {
    const names = Object.keys(trigger.events);
    const shown = names.find((name) => trigger.events[name]!.on === 'update') ?? names[0]!;
    lines.push(
      `## ${trigger.label}`,
      '',
      `${names.map(code).join(', ')}. Raised by changes of the table ${code(trigger.table)}.`,
      '',
      '| key | type |',
      '|---|---|',
      ...fieldRows((trigger.schema as Schema).properties ?? {}),
      '',
      `A ${code(shown)}:`,
      '',
      '```json',
      JSON.stringify(catalogue.sample(shown, { id: 1, name: 'Acme Corp' }), null, 2),
      '```',
      '',
    );
  }
  lines.push(
    '## What becomes of an event: status and reason',
    '',
    'Each event on its way to one integration is a *sync*. Its status is `pending`, `synced`, `failed` or `cancelled`; its',
    'reason says why, as a code and as a sentence.',
    '',
    '| reason | what it means |',
    '|---|---|',
    ...Object.entries(REASONS).map(([reason, sentence]) => row(code(reason), sentence)),
    '',
  );
  return lines.join('\n');
}

function envelopeRows({ properties = {} }: Schema): string[] {
  return Object.entries(properties)
    .filter(([name, schema]) => ENVELOPE[name] !== undefined || schema.description !== undefined)
    .map(([name, schema]) => row(code(name), typeOf(schema), ENVELOPE[name] ?? schema.description!));
}

/** For what the schema itself leaves unsaid. */
const ENVELOPE: Record<string, string> = {
  event_type: 'What happened.',
  tenant: 'Whose record it is: `id` and `name`.',
  changes: 'Every field that changed, as `{old, new}`; only in events of a change.',
};

function fieldRows(properties: Record<string, Schema>, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const object = [schema, ...(schema.anyOf ?? [])].find((each) => each.properties);
    return [row(code(path), typeOf(schema)), ...(object ? fieldRows(object.properties!, `${path}.`) : [])];
  });
}

function typeOf(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.const !== undefined) return 'text';
  if (schema.format === 'date-time') return 'time';
  const names: Record<string, string> = { string: 'text', null: '`null`', integer: 'whole number' };
  return [schema.type ?? 'any']
    .flat()
    .map((type) => names[type] ?? type)
    .join(' or ');
}

/** docs/reference/verdicts.md */
export function verdictsPage(): string {
  return [
    '# Verdicts',
    '',
    GENERATED,
    '',
    'What a connector makes of each answer, in the words that the sync and its attempts show.',
    '',
    '| verdict | what Signalbox does |',
    '|---|---|',
    ...Object.entries(VERDICTS).map(([verdict, what]) => row(code(verdict), what)),
    '',
    '## Connector `webhook`',
    '',
    '| answer | verdict | explanation |',
    '|---|---|---|',
    ...WEBHOOK.map(([answer, exchange]) => judged(answer, judge(exchange, CONTEXT))),
    '',
    'What is not listed: other 2xx are `delivered`, other 3xx and 4xx `rejected`, other 5xx `retry`.',
    '`settings.success_status` replaces the list of what counts as delivered. `Retry-After` of a `retry` is obeyed, up to a',
    'day.',
    '',
    '## Connector `n8n`',
    '',
    'As `webhook`, but for what n8n answers by itself:',
    '',
    '| answer | verdict | explanation |',
    '|---|---|---|',
    ...N8N.map(([answer, exchange, over]) => judged(answer, judgeN8n(exchange, { ...CONTEXT, ...over }))),
    '',
  ].join('\n');
}

const VERDICTS: Record<string, string> = {
  delivered: 'The sync is `synced`; a note on the record says ✓.',
  retry: 'Tried again by the retry policy; `failed` with reason `exhausted` when all tries are used up.',
  ambiguous: 'It may have arrived: as `retry`, and marked so.',
  held: 'Kept and asked again after 1, 5, 15, 30 minutes, then every hour; this uses up no tries.',
  unauthorized:
    'The sync is kept and the integration paused, until a person has mended the credentials and resumes it.',
  rejected: 'The sync is `failed` at once and kept; it can be retried by hand.',
  gone: 'The sync is `failed` and the integration paused.',
};

type Exchange = ReturnType<typeof buildAnswer> | ReturnType<typeof buildFailure>;

const CONTEXT: JudgeContext = {
  now: new Date('2026-01-01T00:00:00Z'),
  url: 'https://example.com/hooks',
  requestBytes: 1_000,
  successStatus: null,
  redact: (text) => text,
};

const STATUSES = [
  200, 204, 301, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 413, 414, 415, 421, 422,
  423, 424, 425, 429, 431, 451, 500, 502, 503, 504,
];

const WEBHOOK: [string, Exchange][] = [
  ...STATUSES.map((status): [string, Exchange] => [
    String(status),
    buildAnswer(status, '', status === 301 ? { location: 'https://example.com/new' } : {}),
  ]),
  ['the name does not resolve', buildFailure('dns', 'example.com could not be resolved')],
  ['no connection', buildFailure('connect', 'nothing is listening at example.com:443')],
  ['a bad certificate', buildFailure('tls', 'the certificate of example.com has expired')],
  ['no answer in time', buildFailure('timeout', 'no answer within 15 s')],
  ['the connection broke', buildFailure('reset', 'the connection was closed before an answer came')],
  ['an address that is not public', buildFailure('refused-by-guard', 'to permit it, add it to EGRESS_ALLOW')],
];

const N8N: [string, Exchange, Partial<JudgeContext>?][] = [
  ['200 `Workflow was started`', buildAnswer(200, { message: 'Workflow was started' })],
  ['200 by Respond to Webhook', buildAnswer(200, { id: 'ext-123' })],
  ['404 `… is not registered.`', buildAnswer(404, { message: 'The requested webhook is not registered.' })],
  [
    'the same, at a test URL',
    buildAnswer(404, { message: 'The requested webhook is not registered.' }),
    { url: 'https://n8n.example.com/webhook-test/x' },
  ],
  [
    '404 with a page',
    buildAnswer(404, '<html><title>Error</title></html>', { 'content-type': 'text/html; charset=utf-8' }),
  ],
  ['403 `Authorization data is wrong!`', buildAnswer(403, 'Authorization data is wrong!')],
  ['401 `Authorization is required!`', buildAnswer(401, 'Authorization is required!')],
  ['401 `Authentication data is wrong!`', buildAnswer(401, 'Authentication data is wrong!')],
  ['500 `Error in workflow`', buildAnswer(500, { message: 'Error in workflow' })],
  ['500, after more than 16 MiB', buildAnswer(500, { code: 0 }, {}), { requestBytes: 17 * 1024 * 1024 }],
  ['422 `Failed to parse request body`', buildAnswer(422, { message: 'Failed to parse request body' })],
];

function judged(answer: string, verdict: ReturnType<typeof judge>): string {
  const explanation = 'explanation' in verdict ? verdict.explanation : '';
  return row(answer, code(verdict.kind), explanation);
}

/** docs/reference/cli.md */
export async function cliPage(): Promise<string> {
  const lines = [
    '# Commands',
    '',
    GENERATED,
    '',
    'What `--help` says. In a clone, write `npx signalbox` for `signalbox`. Commands answer with exit code 0 when they did',
    'what was asked, 1 when not, 2 when they were called wrongly. Output is on stdout, remarks on stderr, and `--json` is',
    'for scripts.',
    '',
    'With the embedded database, commands run inside the program while it runs, and open the database themselves while it',
    'does not.',
    '',
  ];
  const program = buildProgram({} as Context);
  for (const path of [[], ...program.commands.flatMap((command) => paths(command))]) {
    lines.push(`## ${['signalbox', ...path].join(' ')}`, '', '```text', (await help(path)).trim(), '```', '');
  }
  return lines.join('\n');
}

function paths(command: Command): string[][] {
  const own = command.name();
  return [[own], ...command.commands.flatMap((child) => paths(child).map((path) => [own, ...path]))];
}

async function help(path: string[]): Promise<string> {
  let printed = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      printed += chunk;
      done();
    },
  });
  const io = { stdout, stderr: stdout, columns: 100 } as unknown as Io;
  await run([...path, '--help'], io, {} as Access);
  return printed;
}

/** A row of a table; what would end a cell or begin a tag is written so that it does not. */
function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
