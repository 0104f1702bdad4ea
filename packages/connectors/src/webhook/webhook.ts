import { httpFields } from './fields.ts';
import { defineHttpConnector } from './http-connector.ts';
import { judge } from './judge.ts';

/** Any URL that takes JSON. */
export const webhook = defineHttpConnector({
  name: 'webhook',
  label: 'Webhook',
  description: 'Sends each event as JSON to a URL, signed if you like.',
  fields: httpFields({
    help: 'Where events are sent. Redirects are not followed.',
    placeholder: 'https://example.com/hooks/signalbox',
  }),
  judge,
});
