import { SIGNALBOX } from '../../called-as.ts';
import type { FoundIntegration } from '../../find-integration.ts';
import { duration } from '../../output.ts';
import { type Check, fail, ok, type Result, warn } from '../check.ts';

export const integrationState: Check = {
  id: 'integrations',
  title: 'Integrations are active',
  async run({ tenants, integrations }) {
    if (tenants.length === 0)
      return warn('There is no tenant yet.', `Run: ${SIGNALBOX} tenant create --help`);
    return tenants.flatMap(({ slug, id }) => {
      const own = integrations.filter(({ tenant }) => tenant.id === id);
      if (own.length === 0)
        return warn(`${slug} has no integration.`, `Run: ${SIGNALBOX} integration create --help`);
      const results = own.map(judge).filter((result) => result !== null);
      return results.length > 0 ? results : [ok(`${slug}: all ${own.length} are active and well.`)];
    });
  },
};

function judge({ tenant, integration }: FoundIntegration): Result | null {
  const { id, name, isActive, pausedAt, pauseReason, health } = integration;
  const who = `${tenant.slug}: "${name}" (${id})`;
  if (!isActive)
    return warn(
      `${who} is switched off; its events are not even queued.`,
      'Switch it on with PATCH {"is_active": true}.',
    );
  if (pausedAt !== null) {
    const why = pauseReason === null ? '' : `: ${pauseReason}`;
    return warn(
      `${who} is paused${why}. Its events wait.`,
      `Mend the cause, then: ${SIGNALBOX} integration resume ${id}`,
    );
  }
  if (health.consecutiveFailures === 0) return null;
  const since =
    health.failingSince === null ? '' : ` for ${duration(Date.now() - health.failingSince.getTime())}`;
  return fail(
    `${who} has been failing${since}: ${health.lastError ?? 'no details'}`,
    `Try it: ${SIGNALBOX} integration test ${id}`,
  );
}
