import { NodeFS } from '@electric-sql/pglite/nodefs';

export { durableStartParams } from '../durable-fs.ts';

/** PGlite's file system as it comes, under the name of ours. */
export const DurableNodeFs = NodeFS;
