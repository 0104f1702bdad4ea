import type { Suite } from '../lib/context.ts';
import { captureSuite } from './capture.ts';
import { drainSuite } from './drain.ts';
import { embeddedSuite } from './embedded.ts';
import { endToEndSuite } from './end-to-end.ts';
import { fairnessSuite } from './fairness.ts';
import { growthSuite } from './growth.ts';
import { idleSuite } from './idle.ts';
import { latencySuite } from './latency.ts';
import { memorySuite } from './memory.ts';
import { slotsSuite } from './slots.ts';
import { tenantsSuite } from './tenants.ts';
import { twoWorkersSuite } from './two-workers.ts';

/** In the order of the table. */
export const suites: readonly Suite[] = [
  drainSuite,
  endToEndSuite,
  captureSuite,
  latencySuite,
  slotsSuite,
  twoWorkersSuite,
  fairnessSuite,
  tenantsSuite,
  growthSuite,
  memorySuite,
  embeddedSuite,
  idleSuite,
];
