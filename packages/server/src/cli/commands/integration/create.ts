import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { ConfigurationError, didYouMean } from '@signalbox/engine';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { integrationFields, toInput } from '../../../api/routes/integration-schema.ts';
import { showIntegration } from '../../../api/routes/integration-shown.ts';
import { SIGNALBOX } from '../../called-as.ts';
import type { Context } from '../../context.ts';
import { CliError, UsageError } from '../../errors.ts';
import { examples } from '../../examples.ts';
import { findTenant, TENANT_OPTION } from '../../find-tenant.ts';
import type { Io } from '../../io.ts';
import { printJson, printLine, remark } from '../../output.ts';
import { commaList, header } from '../../parse.ts';

interface Options {
  tenant?: string;
  from?: string;
  name?: string;
  connector?: string;
  url?: string;
  events?: string[];
  header?: Record<string, string>;
  signing?: string;
  retry?: string;
  inactive?: boolean;
  json?: boolean;
}

export function createCommand({ io, withServices }: Context): Command {
  const command = new Command('create')
    .description('Creates an integration and prints its id; a generated signing secret is shown this once.')
    .option(...TENANT_OPTION)
    .option(
      '--from <file>',
      'a JSON file with the fields of the REST API; - reads stdin. For secrets, and all that has no option',
    )
    .option('--name <name>', 'name for people')
    .option('--connector <name>', 'what kind of destination (default: webhook)')
    .option('--url <url>', 'where events go')
    .option('--events <names>', 'event types separated by commas, or all', commaList)
    .option(
      '--header <header>',
      "sent with every call, 'Name: value'; repeatable. Other users of this machine can see it",
      header,
    )
    .addOption(
      new Option('--signing <kind>', 'how calls are signed').choices([
        'none',
        'standard-webhooks',
        'hub-sha256',
      ]),
    )
    .addOption(new Option('--retry <preset>', 'how failures are repeated').choices(['standard', 'original']))
    .option('--inactive', 'switched off: no event is queued until it is switched on')
    .option('--json', 'machine-readable output')
    .action(async (options: Options) => {
      const given = { ...(await fieldsOf(options.from, io)), ...fromOptions(options) };
      await withServices(async (services) => {
        const { engine } = services;
        const known = engine.catalogue.eventTypes.map(({ name }) => name);
        const body = parseFields({
          connector: 'webhook',
          ...given,
          event_types: spelledOut(given.event_types, known),
        });
        const tenant = await findTenant(services, options.tenant);
        const input = toInput(body) as Parameters<typeof engine.integrations.create>[1];
        const { integration, generatedSecret } = await engine.integrations
          .create(String(tenant.id), input)
          .catch(calledWrongly);
        if (options.json) return printJson(io, { ...showIntegration(integration), secret: generatedSecret });
        printLine(io, String(integration.id));
        if (generatedSecret !== null) remark(io, `Signing secret, shown this once: ${generatedSecret}`);
        remark(io, `Try it: ${SIGNALBOX} integration test ${integration.id}`);
      });
    });
  return examples(
    command,
    'integration create --tenant fix-it --name "n8n" --connector n8n --url https://n8n.example.com/webhook/x --events all',
    'integration create --name "ERP" --url https://erp.example.com/hooks --events workitem_created,task_created --signing standard-webhooks',
    'integration create --tenant fix-it --from integration.json',
  );
}

function fromOptions(options: Options): Record<string, unknown> {
  const fields = {
    name: options.name,
    connector: options.connector,
    url: options.url,
    event_types: options.events,
    headers: options.header,
    signing: options.signing && { type: options.signing },
    retry_policy: options.retry && { preset: options.retry },
    is_active: options.inactive ? false : undefined,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function fieldsOf(from: string | undefined, io: Io): Promise<Record<string, unknown>> {
  if (from === undefined) return {};
  const content =
    from === '-'
      ? await text(io.stdin)
      : await readFile(resolve(io.cwd, from), 'utf8').catch(unreadable(from));
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`--from ${from} is not valid JSON: ${(error as Error).message}`);
  }
  throw new UsageError(`--from ${from} must hold a JSON object with the fields of an integration.`);
}

/** What the engine refuses was typed by the caller. */
function calledWrongly(error: unknown): never {
  if (error instanceof ConfigurationError) throw new UsageError(`${error.field}: ${error.message}`);
  throw error;
}

function unreadable(from: string) {
  return (error: Error): never => {
    throw new CliError(`--from ${from} cannot be read: ${error.message}`);
  };
}

function spelledOut(given: unknown, known: string[]): unknown {
  if (!Array.isArray(given)) return given;
  if (given.includes('all')) return known;
  for (const name of given) {
    if (known.includes(name)) continue;
    throw new UsageError(
      `There is no event type "${name}".${didYouMean(String(name), known)} There are: ${known.join(', ')}`,
    );
  }
  return given;
}

const MISSING: Record<string, string> = {
  name: 'Give it a --name.',
  event_types: 'Say which --events it wants, or all.',
};

function parseFields(fields: unknown) {
  const result = integrationFields.strict().safeParse(fields);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => MISSING[String(issue.path[0])] ?? z.prettifyError({ issues: [issue] } as z.ZodError),
  );
  throw new UsageError([...new Set(problems)].join('\n'));
}
