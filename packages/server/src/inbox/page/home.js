import { byId, curlExample, element } from './dom.js';

const list = byId('list');
byId('example').textContent = curlExample(`${location.origin}/inbox/hello`);
byId('open').addEventListener('submit', (event) => {
  event.preventDefault();
  location.assign(`/inbox/${encodeURIComponent(event.target.elements.name.value)}`);
});

let shown = '';
async function refresh() {
  const answer = await fetch('/inbox/-/list').catch(() => null);
  if (!answer?.ok) return;
  const { data } = await answer.json();
  byId('empty').hidden = data.length > 0;
  const now = JSON.stringify(data);
  if (now === shown) return;
  shown = now;
  list.replaceChildren(...data.map(card));
}

function card({ name, received, last_at, plugged }) {
  const when = last_at === null ? 'nothing kept' : `last ${new Date(last_at).toLocaleTimeString()}`;
  return element(
    'li',
    {},
    element(
      'a',
      { href: `/inbox/${encodeURIComponent(name)}` },
      element('strong', {}, name),
      element('span', { class: 'muted' }, `${received} received · ${when}`),
      plugged ? null : element('span', { class: 'badge bad' }, 'unplugged'),
    ),
  );
}

await refresh();
setInterval(refresh, 1500);
