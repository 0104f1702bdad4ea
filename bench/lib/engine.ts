import { compileFilter, connectors } from '@signalbox/connectors';
import { createEngine, createKeyRing, type Logger, type Pool } from '@signalbox/engine';
import { loadTenants } from '../../packages/server/src/accounts/tenant-names.ts';
import { writeOutcomeNotes } from '../../packages/server/src/host/notes.ts';
import { triggers } from '../../packages/server/src/triggers/index.ts';

/** The engine as Fixed Service wires it, except that it may call this machine and that it logs only what is wrong. */
export function wireEngine(pool: unknown, { listen = true } = {}) {
  return createEngine({
    pool: pool as Pool,
    triggers,
    connectors,
    keyRing: createKeyRing(['the key of the benchmarks which is long enough']),
    http: { allow: ['127.0.0.0/8'], plainHttp: true },
    tenants: loadTenants,
    compileFilter,
    onOutcomes: writeOutcomeNotes,
    logger,
    listen,
    userAgent: 'Signalbox/bench',
  });
}

export type WiredEngine = ReturnType<typeof wireEngine>;

const complain = (fields: object, message: string) => {
  const { err } = fields as { err?: Error };
  console.error(`  engine: ${message}${err ? `: ${err.message}` : ''}`);
};
const logger: Logger = { debug() {}, info() {}, warn: complain, error: complain };
