import type { Connector } from '@signalbox/engine';
import { n8n } from './n8n/n8n.ts';
import { webhook } from './webhook/webhook.ts';

/** Every connector, in the order people see them. One line registers one. */
export const connectors: readonly Connector[] = [webhook, n8n];

/** The connector of that name. */
export function findConnector(name: string): Connector | undefined {
  return connectors.find((connector) => connector.name === name);
}

export { compileFilter, type Filter } from './filter/compile.ts';
export { signingKey, signingKeyText } from './signing/secret.ts';
export { createSigner, type Signer } from './signing/signer.ts';
export { createRedactor, type Redact, secretValues } from './support/redact.ts';
export { maxRetryAfterMs, parseRetryAfter } from './support/retry-after.ts';
export { compileTemplate, type Rendered, type Template } from './template/compile.ts';
export { n8n, webhook };
