import { ConfigProblems } from '../../config/config.ts';
import { SIGNALBOX } from '../called-as.ts';
import type { Context } from '../context.ts';
import { CliError, RunInServer } from '../errors.ts';
import { listIntegrations } from '../find-integration.ts';
import { findTenant } from '../find-tenant.ts';
import type { Check, Finding, Patient, Result } from './check.ts';
import { fail, ok, warn } from './check.ts';
import { captureTriggers } from './checks/capture-triggers.ts';
import { database } from './checks/database.ts';
import { disk } from './checks/disk.ts';
import { dispatchLag } from './checks/dispatch-lag.ts';
import { duplicates } from './checks/duplicates.ts';
import { failures } from './checks/failures.ts';
import { integrationState } from './checks/integration-state.ts';
import { migrations } from './checks/migrations.ts';
import { reachability } from './checks/reachability.ts';
import { scheduler } from './checks/scheduler.ts';
import { secrets } from './checks/secrets.ts';
import { stuck } from './checks/stuck.ts';
import { tenantMatch } from './checks/tenant-match.ts';
import { workers } from './checks/workers.ts';

const FIRST = [database, migrations];

/** In the order of an event's way. They need the tables. */
const CHECKS: Check[] = [
  captureTriggers,
  workers,
  scheduler,
  dispatchLag,
  integrationState,
  tenantMatch,
  secrets,
  reachability,
  duplicates,
  stuck,
  failures,
  disk,
];

type Examination = Pick<Context, 'config' | 'withServicesAsIs'>;

/** Runs every check. What cannot be examined because something before it failed is left out. */
export async function examineAll(context: Examination, slug: string | undefined): Promise<Finding[]> {
  const configuration = examineConfiguration(context);
  if (configuration.some(({ state }) => state === 'fail')) return configuration;
  try {
    const rest = await context.withServicesAsIs(async (services) => {
      const first = await runChecks(FIRST, { services, tenants: [], integrations: [] });
      if (first.some(({ state }) => state === 'fail')) return first;
      const tenants = slug === undefined ? await services.tenants.list() : [await findTenant(services, slug)];
      const integrations = await listIntegrations(services, tenants);
      return [...first, ...(await runChecks(CHECKS, { services, tenants, integrations }))];
    });
    return [...configuration, ...rest];
  } catch (error) {
    if (error instanceof RunInServer || error instanceof CliError) throw error;
    const todo = 'Mend that first; everything else needs the database.';
    return [...configuration, ...named(database, fail((error as Error).message, todo))];
  }
}

function examineConfiguration({ config }: Examination): Finding[] {
  const about = { id: 'configuration', title: 'The configuration is valid' };
  try {
    const { warnings } = config();
    if (warnings.length === 0) return named(about, ok('All settings can be used.'));
    return named(
      about,
      warnings.map((warning) => warn(warning, `See: ${SIGNALBOX} config`)),
    );
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return named(
      about,
      error.problems.map((problem) => fail(problem, `See: ${SIGNALBOX} config --markdown`)),
    );
  }
}

export async function runChecks(checks: Check[], patient: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    try {
      findings.push(...named(check, await check.run(patient)));
    } catch (error) {
      findings.push(
        ...named(check, fail(`This could not be examined: ${(error as Error).message}`, 'Run doctor again.')),
      );
    }
  }
  return findings;
}

function named({ id, title }: Pick<Check, 'id' | 'title'>, results: Result | Result[]): Finding[] {
  return [results].flat().map((result) => ({ check: id, title, ...result }));
}
