import { Command } from 'commander';
import type { Services } from '../../services.ts';
import { confirm } from '../ask.ts';
import type { Context } from '../context.ts';
import { examples } from '../examples.ts';
import { findIntegration } from '../find-integration.ts';
import { findTenantOrAll } from '../find-tenant.ts';
import { counted, printJson, printLine } from '../output.ts';

interface Options {
  tenant?: string;
  integration?: string;
  yes?: boolean;
  json?: boolean;
}

export function purgeCommand({ io, withServices, fail }: Context): Command {
  const command = new Command('purge')
    .description('Cancels every sync that waits: they will not be delivered. What is under way is finished.')
    .option('--tenant <slug>', 'only of this tenant')
    .option('--integration <id-or-name>', 'only of this integration')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'machine-readable output')
    .action((options: Options) =>
      withServices(async (services) => {
        const { tenantId, integrationId, whose } = await scopeOf(services, options);
        const waiting = await countWaiting(services, tenantId, integrationId);
        if (waiting === 0) return done(0);
        const question = `Cancel ${counted(waiting, 'waiting sync')} of ${whose}? They will never be delivered.`;
        if (!options.yes && !(await confirm(io, question))) {
          printLine(io, 'Nothing was cancelled.');
          return fail();
        }
        done(
          await services.engine.syncs.cancelPending(tenantId, { status: 'pending', integrationId }, 'purged'),
        );
      }),
    );

  const done = (cancelled: number) => {
    if (command.opts<Options>().json) return printJson(io, { cancelled });
    printLine(io, cancelled === 0 ? 'Nothing waits.' : `${counted(cancelled, 'sync')} cancelled.`);
  };
  return examples(command, 'purge', 'purge --integration "Old n8n"', 'purge --tenant fix-it --yes');
}

async function scopeOf(services: Services, options: Options) {
  if (options.integration !== undefined) {
    const { tenant, integration } = await findIntegration(services, options.integration, options.tenant);
    return {
      tenantId: String(tenant.id),
      integrationId: integration.id,
      whose: `"${integration.name}" (${tenant.slug})`,
    };
  }
  const tenant = await findTenantOrAll(services, options.tenant);
  if (tenant === null) return { tenantId: null, integrationId: undefined, whose: 'all tenants' };
  return { tenantId: String(tenant.id), integrationId: undefined, whose: tenant.slug };
}

async function countWaiting(
  { engine }: Services,
  tenantId: string | null,
  integrationId?: number,
): Promise<number> {
  if (integrationId === undefined) return engine.syncs.countPending(tenantId);
  const { rows } = await engine.pool.query<{ waiting: number }>({
    text: `select count(*)::integer as waiting from integration_syncs where integration_id = $1 and status = 'pending'`,
    values: [integrationId],
  });
  return rows[0]!.waiting;
}
