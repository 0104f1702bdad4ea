import { judgeAddress, parseNetwork } from './address.ts';

/** What may be called. One guard serves delivery, tests and everything else that calls out. */
export interface Guard {
  /**
   * Judges a URL as it is written; names are not resolved. For the moment a tenant saves it, and once more
   * before each connection.
   */
  checkUrl(url: string): CheckedUrl;
  /**
   * Judges one resolved address of a host: null when it may be called, else the refusal in plain words. All the
   * addresses of a name must pass. Names are judged here and not by {@link Guard.checkUrl}.
   */
  refuseAddress(address: string, target: { host: string; plainHttp: boolean }): string | null;
}

export type CheckedUrl = { ok: true; url: URL } | { ok: false; refusal: string };

export interface GuardOptions {
  /** Networks in CIDR notation that may be called although they are not public (`EGRESS_ALLOW`). */
  allow: readonly string[];
  /** Whether `http://` may leave for public addresses. To addresses of the allow list it always may. */
  plainHttp: boolean;
}

/** Longest URL that is called, in characters. */
export const maxUrlLength = 8192;

/** The Fetch standard's bad ports: other protocols' ports, which a web server would never use. */
const badPorts = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/**
 * Makes the guard. Refuses every address that is not public (private, loopback, link-local, metadata, carrier-grade
 * NAT, multicast, reserved, documentation, benchmarking, also inside IPv6 forms of IPv4), unless the allow list holds it.
 *
 * Not guaranteed: what happens behind a public address, such as a receiver that forwards into a private network.
 *
 * @throws when the allow list holds what is no network
 */
export function createGuard({ allow, plainHttp }: GuardOptions): Guard {
  const allowed = allow.map(parseNetwork);

  function refuseAddress(address: string, target: { host: string; plainHttp: boolean }): string | null {
    const judged = judgeAddress(address);
    if (!judged) return `${target.host} resolves to something that is no usable address`;
    if (judged.isIn(allowed)) return null;
    if (judged.problem) {
      const subject = target.host === address ? address : `${target.host} resolves to ${address}, which`;
      return `${subject} is ${judged.problem}; to permit it, add ${judged.text} or its network to EGRESS_ALLOW`;
    }
    if (target.plainHttp && !plainHttp) {
      return `http:// would send this unencrypted to ${target.host}; use https://, or add its network to EGRESS_ALLOW`;
    }
    return null;
  }

  function checkUrl(text: string): CheckedUrl {
    if (text.length > maxUrlLength) return refused(`the URL is longer than ${maxUrlLength} characters`);
    if (!URL.canParse(text)) {
      return refused('the URL cannot be read; write it in full, such as https://example.com/hooks');
    }
    const url = new URL(text);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      return refused(`only https:// and http:// can be called, got ${url.protocol}//`);
    }
    if (url.username || url.password) {
      return refused("the URL holds a user name or password; use the integration's authentication instead");
    }
    if (badPorts.has(url.port === '' ? 443 : Number(url.port))) {
      return refused(`port ${url.port} belongs to another protocol and is never called`);
    }
    const literal = literalAddress(url.hostname);
    if (literal !== null) {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const refusal = refuseAddress(literal, { host, plainHttp: url.protocol === 'http:' });
      if (refusal) return refused(refusal);
    }
    return { ok: true, url };
  }

  return { checkUrl, refuseAddress };
}

/**
 * The address a parsed URL's host stands for, without asking DNS: an IP literal (the URL parser has turned decimal,
 * octal, hex and short spellings into the dotted one), or a localhost name. Else null.
 */
export function literalAddress(hostname: string): string | null {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  if (/^[0-9.]+$/.test(hostname)) return hostname;
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  return name === 'localhost' || name.endsWith('.localhost') ? '127.0.0.1' : null;
}

function refused(refusal: string): CheckedUrl {
  return { ok: false, refusal };
}
