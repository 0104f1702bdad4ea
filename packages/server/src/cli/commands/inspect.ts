import type { WorkerInfo } from '@signalbox/engine';
import { Command } from 'commander';
import { SIGNALBOX } from '../called-as.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { listIntegrations } from '../find-integration.ts';
import { duration, printJson, printLine, printTable } from '../output.ts';
import { count } from '../parse.ts';

const NO_WORKER = `No worker is alive. Start one: ${SIGNALBOX} worker (or ${SIGNALBOX} start)`;

export function inspectCommand(context: Context): Command {
  return new Command('inspect')
    .description('What the live workers are doing, what waits, and what can happen.')
    .addCommand(activeCommand(context))
    .addCommand(scheduledCommand(context))
    .addCommand(registeredCommand(context))
    .addCommand(statsCommand(context));
}

interface Json {
  json?: boolean;
}

function activeCommand({ io, withServices }: Context): Command {
  const command = new Command('active')
    .description('Deliveries under way, by worker.')
    .option('--json', 'machine-readable output')
    .action(({ json }: Json) =>
      withServices(async ({ engine }) => {
        const workers = (await engine.workers.list()).filter(({ alive }) => alive);
        const active = workers.flatMap((worker) =>
          worker.active.map((sync) => ({ worker: nameOf(worker), ...sync })),
        );
        if (json) return printJson(io, { workers: workers.map(nameOf), active });
        if (workers.length === 0) return printTable(io, [], [], NO_WORKER);
        const rows = active.map(({ worker, syncId, eventType, integrationId, startedAt }) => {
          const since = duration(Date.now() - new Date(startedAt).getTime());
          return [worker, syncId, eventType, integrationId, since];
        });
        const idle = `Nothing is under way; alive: ${workers.map(nameOf).join(', ')}`;
        printTable(io, ['worker', 'sync', 'event', 'integration', 'since'], rows, idle);
      }),
    );
  return examples(command, 'inspect active', 'inspect active --json');
}

function scheduledCommand({ io, withServices }: Context): Command {
  const command = new Command('scheduled')
    .description('Syncs whose next try has a time to come, soonest first.')
    .option('--limit <n>', 'how many', count(1, 1_000), 50)
    .option('--json', 'machine-readable output')
    .action(({ json, limit }: Json & { limit: number }) =>
      withServices(async ({ engine }) => {
        const syncs = await engine.workers.scheduled(limit);
        if (json) return printJson(io, syncs);
        const rows = syncs.map(
          ({ id, nextAttemptAt, eventType, model, recordId, integrationId, attempts, lastError }) => {
            const wait = nextAttemptAt === null ? null : duration(nextAttemptAt.getTime() - Date.now());
            return [id, wait, eventType, `${model} ${recordId}`, integrationId, attempts, lastError];
          },
        );
        const headings = ['sync', 'in', 'event', 'record', 'integration', 'tries', 'last error'];
        printTable(io, headings, rows, 'Nothing is scheduled for later.');
      }),
    );
  return examples(command, 'inspect scheduled', 'inspect scheduled --limit 500 --json');
}

const CHORES = [
  ['rescue', 'gives the syncs of dead workers back'],
  ['retry_failed_syncs', 'retries what used up its tries, once its receiver works again'],
  ['clean_up', 'deletes what is older than the retention'],
];

function registeredCommand({ io, withServices }: Context): Command {
  const command = new Command('registered')
    .description('What this installation knows: event types and who wants them, connectors, chores.')
    .option('--json', 'machine-readable output')
    .action(({ json }: Json) =>
      withServices(async (services) => {
        const { engine } = services;
        const integrations = await listIntegrations(services, await services.tenants.list());
        const subscribed = (name: string) =>
          integrations.filter(
            ({ integration }) => integration.isActive && integration.eventTypes.includes(name),
          ).length;
        const types = engine.catalogue.eventTypes.map(({ name, model }) => ({
          name,
          model,
          subscribed: subscribed(name),
        }));
        const connectors = engine.connectors.map(({ name, label, description }) => ({
          name,
          label,
          description,
        }));
        if (json)
          return printJson(io, { event_types: types, connectors, chores: CHORES.map(([name]) => name) });
        printTable(
          io,
          ['event type', 'model', 'integrations'],
          types.map(({ name, model, subscribed }) => [name, model, subscribed]),
          '',
        );
        printLine(io, '');
        printTable(
          io,
          ['connector', 'is for'],
          connectors.map(({ name, description }) => [name, description]),
          '',
        );
        printLine(io, '');
        printTable(io, ['chore', 'of the scheduler'], CHORES, '');
      }),
    );
  return examples(command, 'inspect registered', 'inspect registered --json');
}

function statsCommand({ io, withServices }: Context): Command {
  const command = new Command('stats')
    .description('The workers, what they have done, and the queue.')
    .option('--json', 'machine-readable output')
    .action(({ json }: Json) =>
      withServices(async ({ engine }) => {
        const [workers, queue] = await Promise.all([engine.workers.list(), engine.workers.queue()]);
        if (json) return printJson(io, { workers, queue });
        const rows = workers.map((worker) => [
          nameOf(worker),
          worker.roles.join('+'),
          worker.alive ? 'alive' : `silent for ${duration(Date.now() - worker.seenAt.getTime())}`,
          worker.version,
          `${worker.active.length} of ${worker.concurrency}`,
          doneInWords(worker.stats),
        ]);
        printTable(io, ['worker', 'roles', 'state', 'version', 'busy', 'done'], rows, NO_WORKER);
        printLine(io, '');
        const entries = Object.entries(queue).map(([name, value]) => [inWords(name), value]);
        printTable(io, ['queue', ''], entries, '');
      }),
    );
  return examples(command, 'inspect stats', 'inspect stats --json');
}

/** Without `claims`, which count the looks for work, also those that find none. */
function doneInWords({ claims: _, ...done }: WorkerInfo['stats']): string {
  return Object.entries(done)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function nameOf({ host, pid }: WorkerInfo): string {
  return `${host}:${pid}`;
}

function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
