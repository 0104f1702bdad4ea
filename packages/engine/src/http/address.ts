import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

/** An address, as it is judged: the IPv4 inside an IPv6 form has been taken out. */
export interface JudgedAddress {
  /** What kind of non-public address it is, in words; null when it is public. */
  problem: string | null;
  /** Canonical text of the judged address. */
  text: string;
  /** Whether a network of the allow list holds it. */
  isIn(networks: readonly Network[]): boolean;
}

const words: Record<string, string> = {
  unspecified: 'the unspecified address',
  broadcast: 'the broadcast address',
  multicast: 'a multicast address',
  linkLocal: 'a link-local address (cloud metadata lives there)',
  loopback: 'a loopback address (this machine)',
  carrierGradeNat: 'a carrier-grade NAT address',
  private: 'a private address',
  uniqueLocal: 'a private address',
  deprecatedSiteLocal: 'a private address',
};

/** Public by number, but answers only inside a cloud: Azure's metadata and DNS. */
const metadataAddresses = new Set(['168.63.129.16']);

/** Global unicast as IANA hands it out; everything else in IPv6 is special or not in use. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** RFC 8215: where the IPv4 sits inside is local knowledge, so nothing in it can be judged. */
const localNat64 = ipaddr.IPv6.parseCIDR('64:ff9b:1::/48');
/** RFC 4291: `::a.b.c.d`, obsolete, still parsed. `::` and `::1` are in it and are judged by their own range. */
const ipv4Compatible = ipaddr.IPv6.parseCIDR('::/96');

/** `localhost` is both 127.0.0.1 and ::1: whoever allows the first means the second too. */
const loopback = ipaddr.IPv4.parse('127.0.0.1');

/**
 * Judges one address: is it public, and if not, what is it. IPv4-mapped, IPv4-compatible, NAT64, 6to4 and Teredo
 * addresses are judged by the IPv4 address inside (Teredo by both). Returns null for what is no address at all,
 * a zone id (`fe80::1%eth0`) included.
 *
 * Ranges: IANA special-purpose registries, by way of ipaddr.js.
 */
export function judgeAddress(address: string): JudgedAddress | null {
  if (address.includes('%') || !ipaddr.isValid(address)) return null;
  const parsed = ipaddr.parse(address);
  return parsed.kind() === 'ipv4' ? judgeIPv4(parsed as ipaddr.IPv4) : judgeIPv6(parsed as ipaddr.IPv6);
}

/**
 * Reads a network of an allow list: a CIDR, or one address. Throws with words that say what is wrong.
 */
export function parseNetwork(text: string): Network {
  const trimmed = text.trim();
  try {
    if (trimmed.includes('/')) return ipaddr.parseCIDR(trimmed);
    const address = ipaddr.parse(trimmed);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    throw new Error(`EGRESS_ALLOW takes networks such as 10.0.0.0/8 or fd00::/8, got "${trimmed}"`);
  }
}

function judgeIPv4(address: ipaddr.IPv4): JudgedAddress {
  const text = address.toString();
  const range = address.range();
  const problem = metadataAddresses.has(text)
    ? "a cloud's metadata address"
    : range === 'unicast'
      ? null
      : (words[range] ?? 'a reserved address');
  return { problem, text, isIn: (networks) => networks.some((network) => holds(network, address)) };
}

function judgeIPv6(address: ipaddr.IPv6): JudgedAddress {
  const embedded = embeddedIPv4(address);
  if (embedded.length > 0) {
    const judged = embedded.map(judgeIPv4);
    const worst = judged.find((one) => one.problem !== null);
    return {
      problem: worst?.problem ?? null,
      text: worst?.text ?? judged[0]!.text,
      isIn: (networks) => judged.every((one) => one.problem === null || one.isIn(networks)),
    };
  }
  const range = address.range();
  const isPublic = range === 'unicast' && address.match(globalUnicast);
  return {
    problem: isPublic ? null : (words[range] ?? 'a reserved address'),
    text: address.toString(),
    isIn: (networks) =>
      networks.some(
        (network) => holds(network, address) || (range === 'loopback' && holds(network, loopback)),
      ),
  };
}

/** The IPv4 addresses inside an IPv6 address; none when it holds none, or when they cannot be known. */
function embeddedIPv4(address: ipaddr.IPv6): ipaddr.IPv4[] {
  const bytes = address.toByteArray();
  const at = (offset: number) => new ipaddr.IPv4(bytes.slice(offset, offset + 4));
  switch (address.range()) {
    case 'ipv4Mapped':
    case 'rfc6145':
      return [at(12)];
    case 'rfc6052':
      return address.match(localNat64) ? [] : [at(12)];
    case '6to4':
      return [at(2)];
    case 'teredo':
      return [at(4), new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff))];
    case 'unicast':
      return address.match(ipv4Compatible) ? [at(12)] : [];
    default:
      return [];
  }
}

function holds([network, bits]: Network, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network as never, bits);
}
