import { byId } from './dom.js';

/** The controls that tell the inbox how to answer. Returns what shows a behaviour. */
export function answerForm(path, onChange) {
  const form = byId('answer-form');
  const plug = byId('plug');

  async function put(behaviour) {
    const answer = await fetch(`${path}/behaviour`, { method: 'PUT', body: JSON.stringify(behaviour) });
    const result = await answer.json();
    if (!answer.ok) return alert(result.detail);
    onChange(result);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    put(readForm(new FormData(form)));
  });
  byId('reset').addEventListener('click', () => {
    form.reset();
    put({});
  });
  plug.addEventListener('click', () => put({ plugged: plug.getAttribute('aria-checked') !== 'true' }));
  byId('secret-form').addEventListener('submit', (event) => {
    event.preventDefault();
    put({ secret: event.target.elements.secret.value || null });
  });
}

export function showBehaviour(behaviour) {
  const { plugged } = behaviour;
  byId('plug').setAttribute('aria-checked', String(plugged));
  byId('plug-text').textContent = plugged ? 'Plugged in' : 'Plug pulled: 503';
  byId('answer-now').textContent = plugged ? inWords(behaviour) : '503, the plug is pulled';
  byId('secret-state').textContent = behaviour.has_secret ? 'Signatures are checked.' : '';
}

function readForm(data) {
  const number = (name) => (data.get(name) ? Number(data.get(name)) : undefined);
  return {
    status: number('status') ?? 200,
    delay_ms: number('delay_ms'),
    retry_after: data.get('retry_after') || undefined,
    times: number('times'),
    body: data.get('body') || undefined,
    hang: data.has('hang') || undefined,
  };
}

function inWords({ status = 200, hang, delay_ms, retry_after, times }) {
  const parts = [hang ? 'nothing, ever' : String(status)];
  if (delay_ms) parts.push(`after ${delay_ms} ms`);
  if (retry_after) parts.push(`Retry-After ${retry_after}`);
  if (times) parts.push(`${times} more ${times === 1 ? 'time' : 'times'}`);
  return parts.join(', ');
}
