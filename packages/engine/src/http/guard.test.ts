import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeAddress, parseNetwork } from './address.ts';
import { createGuard } from './guard.ts';

const guard = createGuard({ allow: [], plainHttp: true });
const home = createGuard({ allow: ['127.0.0.0/8', '10.1.0.0/16', 'fd12::/16'], plainHttp: false });

function refusal(url: string, by = guard): string | null {
  const checked = by.checkUrl(url);
  return checked.ok ? null : checked.refusal;
}

const refusedSpellings = [
  // this machine
  'http://127.0.0.1/',
  'http://127.0.0.1:8080/',
  'http://127.1/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://0x7f.0x0.0x0.0x1/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://127.0.0.1./',
  'http://127.255.255.254/',
  'http://0.0.0.0/',
  'http://0/',
  'http://localhost/',
  'http://LOCALHOST/',
  'http://localhost./',
  'http://api.localhost/',
  'http://①②⑦.⓪.⓪.①/',
  'http://%31%32%37.0.0.1/',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[::]/',
  // private networks
  'http://10.0.0.1/',
  'http://10.1/',
  'http://167772161/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.168.0.1/',
  'http://0xc0a80001/',
  'http://100.64.0.1/',
  'http://100.127.255.254/',
  'http://[fc00::1]/',
  'http://[fd12:3456::1]/',
  'http://[fec0::1]/',
  // link-local and metadata
  'http://169.254.169.254/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://2852039166/',
  'http://[fe80::1]/',
  'http://[fd00:ec2::254]/',
  'http://100.100.100.200/',
  'http://168.63.129.16/',
  'http://192.0.0.192/',
  // nobody's addresses
  'http://224.0.0.1/',
  'http://239.255.255.250/',
  'http://255.255.255.255/',
  'http://240.0.0.1/',
  'http://192.0.2.1/',
  'http://198.51.100.7/',
  'http://203.0.113.9/',
  'http://198.18.0.1/',
  'http://198.19.255.255/',
  'http://192.88.99.1/',
  'http://[ff02::1]/',
  'http://[2001:db8::1]/',
  'http://[3fff::1]/',
  'http://[100::1]/',
  'http://[2001:2::1]/',
  'http://[5f00::1]/',
  'http://[4000::1]/',
  // IPv4 inside IPv6
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://[::127.0.0.1]/',
  'http://[::10.0.0.1]/',
  'http://[::ffff:0:127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b::10.0.0.1]/',
  'http://[64:ff9b:1::1]/',
  'http://[64:ff9b:1:a00:0:100::]/',
  'http://[2002:7f00:1::]/',
  'http://[2002:a00:1::1]/',
  'http://[2001:0:7f00:1::]/',
  'http://[2001:0:808:808:0:0:80ff:fffe]/',
  // zone ids, other schemes, credentials, odd ports, no URL at all
  'http://[fe80::1%25eth0]/',
  'http://[fe80::1%eth0]/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://example.com/',
  'javascript:alert(1)',
  'data:text/plain,x',
  'ws://example.com/',
  'http://user@example.com/',
  'http://user:secret@example.com/',
  'http://:secret@example.com/',
  'https://example.com:22/',
  'https://example.com:25/',
  'https://example.com:0/',
  'https://example.com:6667/',
  'https://example.com:99999/',
  'example.com/hook',
  '//example.com/',
  'http://',
  'http://256.256.256.256/',
  'http://exa mple.com/',
  '',
];

describe('a URL that may not be called is refused however it is spelled', () => {
  it.each(refusedSpellings)('%s', (url) => {
    expect(refusal(url)).toEqual(expect.any(String));
  });
});

describe('a public URL passes', () => {
  it.each([
    'https://example.com/hook',
    'http://example.com:8080/hook?x=1',
    'https://example.com./',
    'https://8.8.8.8/',
    'https://134744072/',
    'https://[2606:4700::1111]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[64:ff9b::8.8.8.8]/',
    'https://[2002:808:808::1]/',
    'https://münchen.example/',
    'https://localhost.example.com/',
  ])('%s', (url) => {
    expect(refusal(url)).toBeNull();
  });
});

describe('the allow list', () => {
  it.each([
    'http://127.0.0.1:5678/webhook/x',
    'http://localhost:5678/webhook/x',
    'http://[::1]:5678/',
    'http://10.1.2.3/',
    'http://[::ffff:10.1.2.3]/',
    'http://[fd12::5]/',
  ])('permits %s, without TLS too', (url) => {
    expect(refusal(url, home)).toBeNull();
  });

  it('permits nothing beside its networks', () => {
    expect(refusal('http://10.2.0.1/', home)).toContain('EGRESS_ALLOW');
    expect(refusal('https://[fd13::5]/', home)).toContain('EGRESS_ALLOW');
  });

  it('takes single addresses', () => {
    const one = createGuard({ allow: ['10.0.0.7'], plainHttp: false });
    expect(refusal('http://10.0.0.7/', one)).toBeNull();
    expect(refusal('http://10.0.0.8/', one)).not.toBeNull();
  });

  it('is refused with words when it holds no network', () => {
    expect(() => createGuard({ allow: ['ten/8'], plainHttp: true })).toThrow(
      'EGRESS_ALLOW takes networks such as 10.0.0.0/8 or fd00::/8, got "ten/8"',
    );
  });
});

describe('a refusal says what to do', () => {
  it.each([
    [
      'http://10.0.0.1/',
      '10.0.0.1 is a private address; to permit it, add 10.0.0.1 or its network to EGRESS_ALLOW',
    ],
    ['ftp://example.com/', 'only https:// and http:// can be called, got ftp://'],
    ['https://u:p@example.com/', "the integration's authentication"],
    ['https://example.com:25/', 'port 25 belongs to another protocol'],
    ['hook', 'write it in full, such as https://example.com/hooks'],
  ])('%s', (url, words) => {
    expect(refusal(url)).toContain(words);
  });

  it('never repeats a password of the URL', () => {
    expect(refusal('https://user:hunter2@example.com/')).not.toContain('hunter2');
  });

  it('names the host and the address it resolved to', () => {
    expect(guard.refuseAddress('10.0.0.5', { host: 'hooks.example', plainHttp: false })).toBe(
      'hooks.example resolves to 10.0.0.5, which is a private address; to permit it, add 10.0.0.5 or its network to EGRESS_ALLOW',
    );
  });
});

it('plain HTTP to a public address is refused outside development', () => {
  expect(refusal('http://8.8.8.8/', home)).toContain('https://');
  expect(home.refuseAddress('8.8.8.8', { host: 'example.com', plainHttp: true })).toContain('https://');
  expect(home.refuseAddress('8.8.8.8', { host: 'example.com', plainHttp: false })).toBeNull();
});

it('a resolved address with a zone id is refused', () => {
  expect(guard.refuseAddress('fe80::1%eth0', { host: 'printer', plainHttp: true })).toContain(
    'no usable address',
  );
});

it('every IPv4 address is judged alike in all the IPv6 forms that carry it', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      const bytes = text.split('.').map(Number);
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
      const low = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`;
      const isPublic = judgeAddress(text)?.problem === null;
      for (const form of [`::ffff:${text}`, `64:ff9b::${low}`, `2002:${low}::1`, `::ffff:0:${low}`]) {
        expect(judgeAddress(form)?.problem === null).toBe(isPublic);
      }
    }),
  );
});

it('a network read from the allow list holds its own first address', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, bits) => {
      expect(judgeAddress(address)?.isIn([parseNetwork(`${address}/${bits}`)])).toBe(true);
    }),
  );
});
