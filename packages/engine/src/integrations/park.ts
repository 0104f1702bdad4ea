import type { Queryable } from '../database.ts';
import { affected } from '../sql.ts';

/**
 * Pauses an integration: its syncs are kept and not tried. Only the version that had the trouble: one that
 * a person has mended meanwhile is not paused for what its predecessor did. The first reason stays,
 * because it is the one that explains what happened. Returns whether it was not paused before.
 */
export async function parkIntegration(
  db: Queryable,
  { id, version }: { id: number; version: number },
  reason: string,
  now: Date | null,
): Promise<boolean> {
  const parked = await affected(
    db,
    `update tenant_integrations set paused_at = coalesce($3::timestamptz, now()), pause_reason = $2,
       version = version + 1, updated_at = coalesce($3::timestamptz, now())
     where id = $1 and version = $4 and paused_at is null and deleted_at is null`,
    [id, reason.replaceAll('\0', '').slice(0, 1_000), now, version],
  );
  return parked > 0;
}
