import type { HttpFailure } from '@signalbox/engine';
import type { Config } from '../../../config/config.ts';
import { SIGNALBOX } from '../../called-as.ts';
import { type Check, fail, ok, type Result } from '../check.ts';

const TIMEOUT_MS = 5_000;
const AT_ONCE = 8;

const TODO: Record<HttpFailure['failure'], string> = {
  'refused-by-guard': 'Use a public https:// address, or allow its network with EGRESS_ALLOW.',
  dns: 'Check the host name in the URL, and this machine’s DNS.',
  connect: 'Check that the receiver runs, the port in the URL, and firewalls in between.',
  tls: 'Check the receiver’s certificate: its name, its date, its chain.',
  timeout: 'The receiver takes connections but does not answer in time; look at its load and log.',
  reset: 'The receiver closed the connection; look at its log.',
  protocol: 'What answers there does not speak HTTP; check the port.',
  aborted: 'Run doctor again.',
};

/**
 * Asks the root of each destination’s host, not the hook itself: any HTTP answer shows that it is
 * reachable, and no workflow is started.
 */
export const reachability: Check = {
  id: 'reachability',
  title: 'Destinations can be reached',
  async run({ services: { engine, config }, integrations }) {
    const origins = new Map<string, string[]>();
    for (const { tenant, integration } of integrations) {
      const origin = integration.url && URL.parse(integration.url)?.origin;
      if (!origin || !integration.isActive) continue;
      origins.set(origin, [...(origins.get(origin) ?? []), `${tenant.slug}: "${integration.name}"`]);
    }
    const waiting = [...origins];
    const results: Result[] = [];
    const ask = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [origin, users] = next;
        const request = { method: 'GET' as const, url: `${origin}/`, headers: {}, timeoutMs: TIMEOUT_MS };
        const exchange = await engine.http.request(request);
        if (exchange.ok) results.push(ok(`${origin} answers (${users.join(', ')}).`));
        else
          results.push(
            fail(
              `${origin} (${users.join(', ')}): ${exchange.failure}, ${exchange.message}.`,
              exchange.failure === 'connect' && isOwnAddress(origin, config)
                ? `That is Signalbox itself, and it does not run here. Start it: ${SIGNALBOX} start`
                : TODO[exchange.failure],
            ),
          );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    return results.length > 0 ? results : ok('No active integration has a URL to try.');
  },
};

/** The built-in inbox, most likely, when the program that has it is not running. */
function isOwnAddress(origin: string, { port }: Config): boolean {
  const { hostname, port: asked } = new URL(origin);
  return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) && asked === String(port);
}
