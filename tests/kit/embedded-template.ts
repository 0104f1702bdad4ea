import fs from 'node:fs';
import { type EmbeddedDatabase, openEmbedded } from '../../packages/server/src/database/embedded/index.ts';
import { oncePerRun } from './once-per-run.ts';
import { prepareTemplate } from './template.ts';

/** A prepared data directory to start from, for `loadDataDir`. */
export async function embeddedTemplate(): Promise<Uint8Array> {
  const file = await oncePerRun('embedded-template.tar', async (target) => {
    const database = await openBlank();
    try {
      await prepareTemplate(database.pool);
      fs.writeFileSync(target, await database.dumpDataDir());
    } finally {
      await database.close();
    }
  });
  return fs.readFileSync(file);
}

/** An empty database in memory, without the 3 to 5 s that making one takes. */
export async function openBlank(
  options: Partial<Parameters<typeof openEmbedded>[0]> = {},
): Promise<EmbeddedDatabase> {
  const file = await oncePerRun('embedded-blank.tar', async (target) => {
    const { dumpDataDir, close } = await openEmbedded({ directory: null, maintenance: false });
    fs.writeFileSync(target, await dumpDataDir());
    await close();
  });
  return await openEmbedded({
    directory: null,
    maintenance: false,
    ...options,
    loadDataDir: fs.readFileSync(file),
  });
}
