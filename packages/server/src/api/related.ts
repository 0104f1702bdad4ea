import type { Row, TenantScope, TenantTable } from '../host/scope.ts';

/** The rows that `ids` name, one query for all of them; `show` makes them what goes out, null for none. */
export async function related<T extends TenantTable, Shown>(
  scope: TenantScope,
  table: T,
  ids: (number | null)[],
  show: (row: Row<T>) => Shown,
): Promise<(id: number | null) => Shown | null> {
  const rows = await scope.findMany(
    table,
    ids.filter((id) => id !== null),
  );
  return (id) => {
    const row = id === null ? undefined : rows.get(id);
    return row ? show(row) : null;
  };
}

export const idAndName = ({ id, name }: { id: number; name: string }) => ({ id, name });
