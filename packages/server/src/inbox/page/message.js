import { copyText, element } from './dom.js';

/** One message as a card that unfolds. */
export function messageCard(message, open) {
  const payload = parse(message);
  return element(
    'li',
    { 'data-id': message.id },
    element(
      'details',
      open ? { open: '' } : {},
      element(
        'summary',
        {},
        element('span', { class: 'what' }, titleOf(message, payload)),
        signatureBadge(message.signature),
        answerBadge(message.answer),
        element(
          'time',
          { datetime: message.received_at },
          new Date(message.received_at).toLocaleTimeString(),
        ),
      ),
      bodyOf(message, payload),
      headersOf(message),
    ),
  );
}

function titleOf(message, payload) {
  if (!payload?.event_type) return `${message.method} ${message.url}`;
  const { tenant: _, actor: __, ...rest } = payload;
  const record = Object.values(rest).find((part) => part?.reference_id ?? part?.name);
  const name = record?.reference_id ?? record?.name;
  return name ? `${payload.event_type} · ${name}` : payload.event_type;
}

function signatureBadge(signature) {
  if (signature === null) return element('span', { class: 'badge' }, 'not signed');
  if (signature.valid === null) return element('span', { class: 'badge', title: signature.scheme }, 'signed');
  return signature.valid
    ? element('span', { class: 'badge good', title: signature.scheme }, 'signature valid')
    : element('span', { class: 'badge bad', title: signature.scheme }, 'signature wrong');
}

function answerBadge({ status, hung, delay_ms }) {
  if (hung) return element('span', { class: 'badge bad' }, 'never answered');
  const late = delay_ms > 0 ? ` after ${delay_ms} ms` : '';
  return element('span', { class: status < 300 ? 'badge good' : 'badge bad' }, `${status}${late}`);
}

function bodyOf(message, payload) {
  const text = payload === null ? message.body : JSON.stringify(payload, null, 2);
  const copy = element('button', { type: 'button', class: 'quiet' }, 'Copy');
  copy.addEventListener('click', () => copyText(copy, message.body));
  if (message.body === '')
    return element('div', { class: 'body' }, element('p', { class: 'muted' }, 'No body.'));
  const pre = element('pre', { tabindex: '0' }, copy);
  pre.append(...(payload === null ? [text] : coloured(text)));
  return element('div', { class: 'body' }, pre);
}

function headersOf(message) {
  const rows = Object.entries(message.headers).map(([name, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, value)),
  );
  return element(
    'details',
    { class: 'headers' },
    element('summary', {}, `${rows.length} headers`),
    element('table', {}, element('tbody', {}, ...rows)),
  );
}

function parse({ body, body_encoding }) {
  if (body_encoding !== 'utf-8') return null;
  try {
    const value = JSON.parse(body);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** Names, texts and the rest of pretty-printed JSON in spans. */
function coloured(text) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null|-?\d[\d.eE+-]*)\b/g)) {
    pieces.push(text.slice(end, match.index));
    const kind = match[2] ? 'key' : match[1] ? 'text' : 'value';
    const token = match[1] ?? match[0];
    pieces.push(element('span', { class: `json-${kind}` }, token), match[2] ?? '');
    end = match.index + match[0].length;
  }
  return [...pieces, text.slice(end)];
}
