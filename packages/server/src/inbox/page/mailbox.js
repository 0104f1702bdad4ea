import { answerForm, showBehaviour } from './answer-form.js';
import { byId, copyText, curlExample } from './dom.js';
import { messageCard } from './message.js';

const SHOWN = 200;
const name = decodeURIComponent(location.pathname.split('/')[2]);
const path = `/inbox/${encodeURIComponent(name)}`;
const address = `${location.origin}${path}`;
const list = byId('messages');
let last = 0;

document.title = `${name} · Inbox`;
byId('name').textContent = name;
byId('address').textContent = address;
byId('example').textContent = curlExample(address);
byId('copy').addEventListener('click', (event) => copyText(event.target, address));
byId('clear').addEventListener('click', async () => {
  await fetch(`${path}/messages`, { method: 'DELETE' });
  list.replaceChildren();
  count();
});
answerForm(path, showBehaviour);

/** Asks for what is newer than the last one seen; the server answers as soon as there is something. */
async function listen() {
  for (let first = true; ; first = false) {
    try {
      const wait = first ? 0 : 5000;
      const answer = await fetch(`${path}/messages?after=${last}&wait_ms=${wait}&limit=${SHOWN}`);
      if (!answer.ok) throw new Error(answer.statusText);
      show(await answer.json());
      live(true);
    } catch {
      live(false);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function show({ data, received, behaviour }) {
  showBehaviour(behaviour);
  // The server was started anew: its count begins again.
  if (received < last) {
    last = 0;
    return;
  }
  last = received;
  const wasEmpty = list.children.length === 0;
  list.prepend(...data.map((message, index) => messageCard(message, wasEmpty && index === 0)));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  count();
}

function count() {
  const shown = list.children.length;
  byId('empty').hidden = shown > 0;
  byId('count').textContent = `${shown} ${shown === 1 ? 'message' : 'messages'}`;
}

function live(on) {
  byId('live').textContent = on ? 'listening' : 'server is away';
  byId('live').classList.toggle('away', !on);
}

listen();
