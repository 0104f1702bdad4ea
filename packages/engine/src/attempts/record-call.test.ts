import { expect, test } from 'vitest';
import type { HttpExchange } from '../http/types.ts';
import { recordCall } from './record-call.ts';

const answer = (headers: Record<string, string> = {}): HttpExchange => ({
  ok: true,
  status: 200,
  headers,
  body: 'ok',
  truncated: false,
  timing: { totalMs: 1, connectMs: 0, firstByteMs: 1 },
});

test('what a tenant set is not shown: header values, query, credentials in the URL, cookies of the answer', () => {
  const recorded = recordCall(
    {
      method: 'POST',
      url: 'https://user:pa55@hooks.example/x?token=t0ken#frag',
      headers: { Authorization: 'Bearer s3cret', 'X-API-Key': 's3cret', 'Content-Type': 'application/json' },
      body: 'payload',
    },
    answer({ 'set-cookie': 's3cret', 'content-type': 'text/plain' }),
    'payload',
  );
  expect(JSON.stringify(recorded)).not.toMatch(/s3cret|t0ken|pa55/);
  expect(recorded.request).toEqual({
    method: 'POST',
    url: 'https://[redacted]@hooks.example/x?[redacted]',
    headers: { Authorization: '[redacted]', 'X-API-Key': '[redacted]', 'Content-Type': 'application/json' },
  });
});

test('a body that is not the stored payload is kept', () => {
  const request = {
    method: 'POST',
    url: 'https://a.example/',
    headers: {},
    body: 'made by a template',
  } as const;
  expect(recordCall(request, answer(), 'payload').request.body).toBe('made by a template');
});
