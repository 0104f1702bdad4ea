import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { GuardRefusal, LookupFailure } from './failure.ts';
import type { Guard } from './guard.ts';

export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Resolves a name to all of its addresses. Rejects when there are none. */
export type Lookup = (hostname: string) => Promise<ResolvedAddress[]>;

interface ConnectorOptions {
  guard: Guard;
  lookup: Lookup;
  connectTimeoutMs: number;
}

/**
 * Opens connections for one origin. The name is resolved, every address is vetted, and the socket is given exactly
 * these addresses: there is no second resolution that could answer otherwise. After the connection stands, the
 * address it really has is judged once more.
 */
export function createConnector(
  url: URL,
  { guard, lookup, connectTimeoutMs }: ConnectorOptions,
  onConnected: (connectMs: number, use: () => void) => void,
): buildConnector.connector {
  const target = { host: url.hostname.replace(/^\[|\]$/g, ''), plainHttp: url.protocol === 'http:' };
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    lookup: vettedLookup(target, guard, lookup),
  });
  return (options, callback) => {
    const startedAt = performance.now();
    connect(options, (error, socket) => {
      if (error) return callback(error, null);
      const refusal = refuseSocket(socket.remoteAddress);
      if (refusal) {
        socket.on('error', () => {}).destroy();
        return callback(refusal, null);
      }
      onConnected(performance.now() - startedAt, () => callback(null, socket));
    });
  };

  function refuseSocket(address: string | undefined): Error | null {
    // Without an address the other side is gone again already.
    if (!address) return Object.assign(new Error('closed'), { code: 'ECONNRESET' });
    const refusal = guard.refuseAddress(address, target);
    return refusal ? new GuardRefusal(refusal) : null;
  }
}

/** The resolver of the operating system (`/etc/hosts` included). */
export const systemLookup: Lookup = (hostname) =>
  new Promise((resolve, reject) => {
    dnsLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

function vettedLookup(
  target: { host: string; plainHttp: boolean },
  guard: Guard,
  lookup: Lookup,
): LookupFunction {
  // A burst opens many connections at once; they share one question.
  let asking: Promise<ResolvedAddress[]> | null = null;
  return (hostname, options, callback) => {
    asking ??= lookup(hostname).finally(() => {
      asking = null;
    });
    asking.then(
      (addresses) => {
        const first = addresses[0];
        if (!first) return callback(unresolved(hostname, 'no address'), '', 0);
        for (const { address } of addresses) {
          const refusal = guard.refuseAddress(address, target);
          if (refusal) return callback(new GuardRefusal(refusal), '', 0);
        }
        if (options.all) return callback(null, addresses);
        callback(null, first.address, first.family);
      },
      (error) => callback(unresolved(hostname, (error as { code?: string }).code ?? 'unknown'), '', 0),
    );
  };
}

function unresolved(hostname: string, code: string): LookupFailure {
  const words =
    code === 'ENOTFOUND' || code === 'ENODATA' || code === 'no address'
      ? `no such host: ${hostname} (is the name in the URL right?)`
      : `the name ${hostname} could not be resolved right now (${code})`;
  return new LookupFailure(words);
}
