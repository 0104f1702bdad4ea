import { type Auth, ConfigurationError } from '@signalbox/engine';

/** Headers that belong to the connection, to the HTTP client or to us. */
const forbidden = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-hub-signature-256',
]);
const forbiddenPrefixes = ['webhook-', 'signalbox-'];

const maxHeaders = 50;
const maxValueLength = 8192;

/**
 * Checks a tenant's headers and its authentication and joins them: names in lower case, values sendable.
 *
 * @throws ConfigurationError on `headers` or `auth.…`; no message holds a value
 */
export function buildHeaders(custom: Record<string, string>, auth: Auth): Record<string, string> {
  const entries = Object.entries(custom);
  if (entries.length > maxHeaders) {
    throw new ConfigurationError('headers', `at most ${maxHeaders} headers, got ${entries.length}`);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of entries) add(headers, name, value, `headers.${name}`);
  switch (auth.type) {
    case 'none':
      break;
    case 'header':
      add(headers, auth.name, auth.value, 'auth.name');
      break;
    case 'basic':
      if (auth.username.includes(':'))
        throw new ConfigurationError('auth.username', 'a user name must not hold a colon');
      add(
        headers,
        'authorization',
        `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`,
        'auth',
      );
      break;
    case 'bearer':
      if (!/^\S+$/.test(auth.token)) {
        throw new ConfigurationError('auth.token', 'a bearer token must not be empty or hold white space');
      }
      add(headers, 'authorization', `Bearer ${auth.token}`, 'auth.token');
      break;
  }
  return headers;
}

function add(headers: Record<string, string>, name: string, value: string, field: string): void {
  const lower = name.toLowerCase();
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]{1,128}$/.test(lower)) {
    throw new ConfigurationError(field, `"${name}" is not a header name; letters, digits and - are allowed`);
  }
  if (forbidden.has(lower) || forbiddenPrefixes.some((prefix) => lower.startsWith(prefix))) {
    throw new ConfigurationError(field, `the header ${lower} is set by the sender and cannot be chosen`);
  }
  if (
    typeof value !== 'string' ||
    value.length > maxValueLength ||
    !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)
  ) {
    throw new ConfigurationError(
      field,
      `the value of ${lower} must be one line of at most ${maxValueLength} Latin-1 characters`,
    );
  }
  if (Object.hasOwn(headers, lower)) throw new ConfigurationError(field, `the header ${lower} is set twice`);
  headers[lower] = value;
}
