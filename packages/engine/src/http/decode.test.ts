import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeBody } from './decode.ts';

const read = (bytes: Buffer | number[], contentType?: string) =>
  decodeBody([Buffer.from(bytes as number[])], contentType ? { 'content-type': contentType } : {});

it.each([
  ['no charset', 'text/plain', [0xc3, 0xa4], 'ä'],
  ['utf-8', 'application/json; charset=UTF-8', [0xc3, 0xa4], 'ä'],
  ['latin-1', 'text/plain; charset=ISO-8859-1', [0xe4], 'ä'],
  ['quoted', 'text/plain; charset="iso-8859-1"', [0xe4], 'ä'],
  ['utf-16', 'text/plain; charset=utf-16le', [0xe4, 0x00], 'ä'],
  ['unknown', 'text/plain; charset=klingon', [0xc3, 0xa4], 'ä'],
  ['empty', 'text/plain; charset=', [0xc3, 0xa4], 'ä'],
  ['wrong', 'text/plain; charset=utf-8', [0xe4], '\ufffd'],
  ['byte order mark', 'text/plain', [0xef, 0xbb, 0xbf, 0x41], 'A'],
  ['NUL', 'text/plain', [0x41, 0x00, 0x42], 'A\ufffdB'],
] as const)('a body is read as its charset says (%s)', (_, contentType, bytes, text) => {
  expect(read([...bytes], contentType)).toBe(text);
});

it('a compressed body becomes a note of its size', () => {
  expect(decodeBody([Buffer.from([1, 2, 3])], { 'content-encoding': 'gzip' })).toBe(
    '[3 bytes, content-encoding gzip]',
  );
});

it('decoding never throws and never yields NUL', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, charset) => {
      expect(read(Buffer.from(bytes), `text/plain; charset=${charset}`)).not.toContain('\0');
    }),
  );
});
