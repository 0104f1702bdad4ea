import { Agent } from 'undici';

export interface Posted {
  id: number;
  integrationId: number;
  status: number;
  isDelivered: boolean;
  durationMs: number;
  body: string;
}

/** How the peers call: `undici.request` over kept-alive connections, the answer read and parsed. They sign nothing. */
export function createPoster(connections: number) {
  const agent = new Agent({ connections, pipelining: 1 });
  return {
    close: () => agent.close(),
    async post(
      url: string,
      { id, integrationId }: { id: number; integrationId: number },
      payload: string,
    ): Promise<Posted> {
      const from = performance.now();
      const { origin, pathname } = new URL(url);
      const answer = await agent.request({
        origin,
        path: pathname,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'webhook-id': String(id) },
        body: payload,
      });
      const body = await answer.body.text();
      JSON.parse(body);
      return {
        id,
        integrationId,
        status: answer.statusCode,
        isDelivered: answer.statusCode < 300,
        durationMs: Math.round(performance.now() - from),
        body,
      };
    },
  };
}
