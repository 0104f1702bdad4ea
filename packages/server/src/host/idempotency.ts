import { type Kysely, sql } from 'kysely';
import type { Database } from './schema.ts';

/** What a request was answered: the body as it was sent. */
export interface Answer {
  status: number;
  body: string;
}

export interface KeyOfTenant {
  tenantId: number;
  key: string;
}

/**
 * - `claimed`     nobody has used the key: do the work, then {@link storeAnswer}
 * - `answered`    the same request was answered before: send that again
 * - `busy`        the same request is at work right now
 * - `different`   the key belongs to another request
 */
export type Claim = { state: 'claimed' | 'busy' | 'different' } | { state: 'answered'; answer: Answer };

/** A claim without an answer after this long is a process that died: its transaction never committed. */
const ABANDONED_AFTER = '60 seconds';
const KEPT_FOR = '24 hours';

export async function claimKey(
  db: Kysely<Database>,
  { tenantId, key }: KeyOfTenant,
  fingerprint: Buffer,
): Promise<Claim> {
  const claimed = await db
    .insertInto('idempotency_keys')
    .values({ tenant_id: tenantId, key, fingerprint, status: null, body: null })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'key'])
        .doUpdateSet({ fingerprint, status: null, body: null, created_at: sql`now()` })
        .where((row) =>
          row.or([
            row('idempotency_keys.created_at', '<', sql<Date>`now() - ${sql.lit(KEPT_FOR)}::interval`),
            row.and([
              row('idempotency_keys.status', 'is', null),
              row(
                'idempotency_keys.created_at',
                '<',
                sql<Date>`now() - ${sql.lit(ABANDONED_AFTER)}::interval`,
              ),
            ]),
          ]),
        ),
    )
    .returning('key')
    .executeTakeFirst();
  if (claimed) return { state: 'claimed' };

  const earlier = await db
    .selectFrom('idempotency_keys')
    .select(['fingerprint', 'status', 'body'])
    .where('tenant_id', '=', tenantId)
    .where('key', '=', key)
    .executeTakeFirst();
  // Released between the two statements: its request failed just now.
  if (!earlier) return { state: 'busy' };
  if (!earlier.fingerprint.equals(fingerprint)) return { state: 'different' };
  if (earlier.status === null) return { state: 'busy' };
  return { state: 'answered', answer: { status: earlier.status, body: earlier.body ?? '' } };
}

export async function storeAnswer(
  db: Kysely<Database>,
  { tenantId, key }: KeyOfTenant,
  { status, body }: Answer,
): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ status, body })
    .where('tenant_id', '=', tenantId)
    .where('key', '=', key)
    .execute();
}

/** The request failed, so that the same key may try again. */
export async function releaseKey(db: Kysely<Database>, { tenantId, key }: KeyOfTenant): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where('tenant_id', '=', tenantId)
    .where('key', '=', key)
    .where('status', 'is', null)
    .execute();
}

/** A chore of the scheduler: answers that are older than 24 hours. */
export async function pruneAnswers(db: Kysely<Database>): Promise<number> {
  const old = sql<Date>`now() - ${sql.lit(KEPT_FOR)}::interval`;
  const result = await db.deleteFrom('idempotency_keys').where('created_at', '<', old).executeTakeFirst();
  return Number(result.numDeletedRows);
}
