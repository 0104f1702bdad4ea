import type { HttpFailure } from './types.ts';

type Kind = HttpFailure['failure'];

/** What went wrong, before it is put into a {@link HttpFailure}. */
export interface Failure {
  failure: Kind;
  message: string;
  maybeReceived: boolean;
}

/** Where a call stood when it failed. */
export interface FailureContext {
  /** `host:port`; never the path or the query, which may hold secrets. */
  where: string;
  /** Whether a connection had taken the request. */
  started: boolean;
  /** The answer's status, when it had been read. */
  status: number;
}

/** Raised inside the connector, so that a refusal reaches the call as its failure. */
export class GuardRefusal extends Error {
  readonly code = 'EGRESS_REFUSED';
}

/** Raised inside the connector when a name cannot be resolved. */
export class LookupFailure extends Error {
  readonly code = 'EGRESS_LOOKUP';
}

const connectWords: Record<string, string> = {
  ECONNREFUSED: 'nothing is listening at {where} (connection refused)',
  EHOSTUNREACH: 'no route to {where} (host unreachable)',
  ENETUNREACH: 'no route to {where} (network unreachable)',
  EADDRNOTAVAIL: 'no route to {where} (address not available)',
  ETIMEDOUT: '{where} did not accept a connection in time',
  UND_ERR_CONNECT_TIMEOUT: '{where} did not accept a connection in time',
  ECONNRESET: '{where} closed the connection before anything was sent',
  UND_ERR_SOCKET: '{where} closed the connection before anything was sent',
  EMFILE: 'this machine has no file handles left for a connection to {where}',
};

const tlsWords: Record<string, string> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain ends in one that is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate chain is incomplete',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of its certificate is not known here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port; is the URL meant to be http://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS on this port; is the URL meant to be http://?',
};

/** Says in plain words what an error of the network means, and whether the destination may have the request. */
export function describeFailure(error: unknown, context: FailureContext): Failure {
  const { where, started } = context;
  const code = codeOf(error);
  const fill = (text: string) => text.replaceAll('{where}', where);
  if (error instanceof GuardRefusal) return notSent('refused-by-guard', error.message);
  if (error instanceof LookupFailure) return notSent('dns', error.message);
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return { failure: 'aborted', message: 'this process is shutting down', maybeReceived: started };
  }
  if (!started) {
    if (isTls(code)) {
      return notSent('tls', `no secure connection to ${where}: ${tlsWords[code] ?? `TLS failed (${code})`}`);
    }
    return notSent(
      'connect',
      fill(connectWords[code] ?? `no connection to {where} (${code || 'unknown error'})`),
    );
  }
  const after = context.status > 0 ? ` after it answered ${context.status}` : ' before it answered';
  if (isProtocol(code, error)) {
    const message = `${where} answered with something that is not valid HTTP (${reasonOf(error, code)})`;
    return { failure: 'protocol', message, maybeReceived: true };
  }
  return { failure: 'reset', message: `${where} closed the connection${after}`, maybeReceived: true };
}

/** The failure of a call whose time ran out. */
export function describeTimeout(timeoutMs: number, { where, started, status }: FailureContext): Failure {
  const limit = `${timeoutMs.toLocaleString('en-US')} ms`;
  if (!started) return notSent('connect', `no connection to ${where} within ${limit}`);
  const message =
    status > 0
      ? `${where} answered ${status} but did not finish within ${limit}`
      : `${where} did not answer within ${limit}`;
  return { failure: 'timeout', message, maybeReceived: true };
}

function notSent(failure: Kind, message: string): Failure {
  return { failure, message, maybeReceived: false };
}

/** The code of an error; of the first one that has a code where Node reports several addresses at once. */
function codeOf(error: unknown): string {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : '';
}

function isTls(code: string): boolean {
  return (
    code in tlsWords ||
    /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|EPROTO$|CRL_|INVALID_CA|HOSTNAME_MISMATCH)/.test(code)
  );
}

function isProtocol(code: string, error: unknown): boolean {
  const { name, message } = error as Error;
  if (name === 'HTTPParserError' || name === 'ResponseContentLengthMismatchError') return true;
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return true;
  return code === 'UND_ERR_SOCKET' && (message === 'bad response' || message === 'bad upgrade');
}

function reasonOf(error: unknown, code: string): string {
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'its headers are too large';
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
    return 'its content-length is not the length of its body';
  const { message } = error as Error;
  return /\((.+)\)$/.exec(message)?.[1] ?? message;
}
