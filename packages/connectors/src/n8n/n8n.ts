import type { IntegrationConfig } from '@signalbox/engine';
import { signingKeyText } from '../signing/secret.ts';
import { httpFields } from '../webhook/fields.ts';
import { defineHttpConnector } from '../webhook/http-connector.ts';
import { isTestUrl, judgeN8n } from './judge.ts';

/** A Webhook node of n8n. The event arrives as `$json.body`. */
export const n8n = defineHttpConnector({
  name: 'n8n',
  label: 'n8n',
  description:
    'Starts an n8n workflow through its Webhook node; holds events while the workflow is inactive.',
  fields: httpFields({
    help: 'The Production URL of the Webhook node. In the workflow the event is $json.body.',
    placeholder: 'https://n8n.example.com/webhook/fixed-service',
  }),
  judge: judgeN8n,
  warnings,
});

function warnings({ url, signing, headers }: IntegrationConfig): string[] {
  const found: string[] = [];
  if (url && isTestUrl(url)) {
    found.push(
      'this is a test URL: it takes one call after "Listen for test event"; use the Production URL of the Webhook node',
    );
  }
  const contentType = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  if (contentType && !contentType.startsWith('application/json')) {
    found.push('n8n reads only application/json as JSON; with another content type $json.body stays empty');
  }
  if (signing.type !== 'none' && signing.secrets.some((secret) => signingKeyText(secret) === null)) {
    found.push(
      "the key of a signing secret is not text, so n8n's Crypto node cannot take it; generate a new secret here",
    );
  }
  return found;
}
