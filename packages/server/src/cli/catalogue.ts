import { type Catalogue, createEngine, createKeyRing, type Pool } from '@signalbox/engine';
import { triggers } from '../triggers/index.ts';

/** The event types without a database: the trigger files alone say them. */
export function offlineCatalogue(): Catalogue {
  const never = () => Promise.reject(new Error('the catalogue asks no database'));
  const pool: Pool = { query: never, connect: never };
  const keyRing = createKeyRing(['a key that seals nothing']);
  const egress = { allow: [], plainHttp: false };
  return createEngine({ pool, triggers, connectors: [], keyRing, http: egress, listen: false }).catalogue;
}
