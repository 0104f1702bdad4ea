import { z } from 'zod';
import type { Api } from '../api.ts';

/** Who this key speaks for: what a client asks first, to test its credentials. */
export function me(app: Api): void {
  app.get(
    '/me',
    {
      schema: {
        tags: ['me'],
        response: {
          200: z.object({
            tenant: z.object({ id: z.int(), slug: z.string(), name: z.string() }),
            key: z.object({ name: z.string(), prefix: z.string() }),
            role: z.enum(['owner', 'admin', 'operator', 'viewer']),
          }),
        },
      },
    },
    async ({ caller: { tenant, key, role } }) => ({
      tenant,
      key: { name: key.name, prefix: key.prefix },
      role,
    }),
  );
}
