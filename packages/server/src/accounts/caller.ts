import type { Role } from '../host/schema.ts';

/** Who makes a request, as far as the API needs to know. */
export interface Caller {
  tenant: { id: number; slug: string; name: string };
  key: { id: number; name: string; prefix: string };
  role: Role;
  /** The integration that this key belongs to: what it writes does not return to it. */
  integrationId: number | null;
}

/** A viewer only reads. Finer permissions come with users. */
export function mayWrite(role: Role): boolean {
  return role !== 'viewer';
}
