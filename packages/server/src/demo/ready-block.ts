import { SIGNALBOX } from '../cli/called-as.ts';
import type { Config } from '../config/config.ts';
import type { Demo } from './ensure-demo.ts';

export interface ReadyBlockFacts {
  config: Config;
  url: string;
  databaseKind: 'embedded' | 'postgres';
  demo: Demo | null;
  hasTenant: boolean;
}

/** What `start` prints once: where everything is, and the first thing to try. */
export function readyBlock({ config, url, databaseKind, demo, hasTenant }: ReadyBlockFacts): string {
  const development = config.environment === 'development';
  const shown = config.publicUrl ?? url;
  const where = databaseKind === 'embedded' ? `embedded, in ${config.dataDirectory}` : 'Postgres server';
  const rows = [
    ['API', `${shown}/api/v1`],
    ['Docs', `${shown}/docs`],
    ...(development ? [['Inbox', demo?.inboxUrl ?? `${shown}/inbox`]] : []),
    ['Database', where],
    ...(demo === null ? [] : [['Demo key', demo.key]]),
  ];
  const lines = rows.map(([name, value]) => `    ${name!.padEnd(9)} ${value}`);
  return ['', '  Signalbox is ready.', '', ...lines, '', ...firstSteps(shown, demo, hasTenant), ''].join(
    '\n',
  );
}

function firstSteps(url: string, demo: Demo | null, hasTenant: boolean): string[] {
  if (demo === null && hasTenant) {
    return [`  Make a key for the API:  ${apikeyCreate('SLUG')}`, ''];
  }
  if (demo === null) {
    return [
      '  Make a tenant, then a key for its API:',
      '',
      `    ${SIGNALBOX} tenant create --slug acme --name "Acme"`,
      `    ${apikeyCreate('acme')}`,
      '',
    ];
  }
  return [
    '  Open the inbox, then create a work item and see it arrive there:',
    '',
    `    curl -X POST ${url}/api/v1/work-items \\`,
    `      -H 'Authorization: Bearer ${demo.key}' \\`,
    "      -H 'Content-Type: application/json' \\",
    `      -d '{"description": "Cracked screen", "status": "New"}'`,
    '',
  ];
}

function apikeyCreate(tenant: string): string {
  return `${SIGNALBOX} apikey create --tenant ${tenant} --name "First key" --role admin`;
}
