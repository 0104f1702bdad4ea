import type { Queryable } from '../database.ts';
import type { Tried } from './attempt.ts';

interface Tally {
  successes: number;
  failures: number;
  /** Failures since the last success within this tally. */
  trailingFailures: number;
  lastError: string | null;
}

/** Collects how integrations fare and writes it at most once a flush, a row an integration. */
export class HealthTally {
  #tallies = new Map<number, Tally>();

  add({ integration, step, verdict }: Tried): void {
    let tally = this.#tallies.get(integration.id);
    if (!tally) {
      tally = { successes: 0, failures: 0, trailingFailures: 0, lastError: null };
      this.#tallies.set(integration.id, tally);
    }
    if (verdict === 'delivered') {
      tally.successes++;
      tally.trailingFailures = 0;
    } else if (verdict !== 'internal_error') {
      tally.failures++;
      tally.trailingFailures++;
      tally.lastError = step.explanation;
    }
  }

  async write(db: Queryable, now: Date | null): Promise<void> {
    if (this.#tallies.size === 0) return;
    const tallies = [...this.#tallies].sort(([a], [b]) => a - b);
    this.#tallies = new Map();
    await db.query({
      name: 'signalbox_health',
      text: `
        insert into integration_health as h
          (integration_id, last_success_at, last_failure_at, last_error, failing_since, consecutive_failures)
        select t.id,
          case when t.successes > 0 then n.now end, case when t.failures > 0 then n.now end, t.error,
          case when t.streak > 0 then n.now end, t.streak
        from unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::text[])
            as t(id, successes, failures, streak, error),
          (select coalesce($6::timestamptz, now()) as now) n
        where exists (select 1 from tenant_integrations i where i.id = t.id)
        on conflict (integration_id) do update set
          last_success_at = coalesce(excluded.last_success_at, h.last_success_at),
          last_failure_at = coalesce(excluded.last_failure_at, h.last_failure_at),
          last_error = coalesce(excluded.last_error, h.last_error),
          failing_since = case
            when excluded.consecutive_failures = 0 then null
            when excluded.last_success_at is not null then excluded.failing_since
            else coalesce(h.failing_since, excluded.failing_since) end,
          consecutive_failures = case when excluded.last_success_at is not null then excluded.consecutive_failures
            else h.consecutive_failures + excluded.consecutive_failures end`,
      values: [
        tallies.map(([id]) => id),
        tallies.map(([, tally]) => tally.successes),
        tallies.map(([, tally]) => tally.failures),
        tallies.map(([, tally]) => tally.trailingFailures),
        tallies.map(([, tally]) => tally.lastError),
        now,
      ],
    });
  }
}
