import type { ConnectorField } from '@signalbox/engine';

/** The fields of every connector that posts to a URL. */
export function httpFields(url: { help: string; placeholder: string }): ConnectorField[] {
  return [
    { name: 'url', label: 'URL', type: 'url', required: true, ...url },
    {
      name: 'settings.method',
      label: 'Method',
      help: 'How the event is sent. Most receivers want POST.',
      type: 'select',
      options: ['POST', 'PUT', 'PATCH'].map((value) => ({ value, label: value })),
    },
    {
      name: 'settings.timeout_ms',
      label: 'Timeout in milliseconds',
      help: 'How long a receiver may take for one call, its answer included: 1,000 to 60,000, default 15,000.',
      type: 'number',
    },
    {
      name: 'settings.success_status',
      label: 'Success statuses',
      help: 'Statuses that count as delivered, such as [200, 409]. Default: every 2xx.',
      type: 'json',
    },
    {
      name: 'template',
      label: 'Template',
      help: 'JSON with {{ paths }} into the event, sent instead of the whole event.',
      type: 'json',
    },
  ];
}
