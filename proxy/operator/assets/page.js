'use strict';
const $ = id => document.getElementById(id);
let token = sessionStorage.getItem('token') || '';
const count = n => n.toLocaleString('en-GB');
const add = (parent, tag, text) => parent.appendChild(Object.assign(document.createElement(tag), {textContent: text}));
function show(room) {
  const box = add($('rooms'), 'section', '');
  add(box, 'h2', room.name + ': ' + room.state);
  const list = add(box, 'dl', '');
  const facts = {
    'Rate': room.rate, 'Set by': room.live_rate ? room.rate_set_by : 'file', 'Waiting': count(room.waiting),
    'Called': count(room.called), 'Inside': count(room.active), 'Arrivals': count(room.arrivals), 'Entries': count(room.entries),
    'Calls a second': count(room.calls_per_second), 'Show up': Math.round(room.show_up_ratio * 100) + ' %',
    'Store': room.store, 'Message': room.message || '–',
  };
  for (const b of room.backends) facts['Backend ' + b.address] = b.healthy ? 'healthy' : b.detail;
  for (const name in facts) {
    const pair = add(list, 'div', '');
    add(pair, 'dt', name);
    add(pair, 'dd', facts[name]);
  }
}
const ask = (path, how) => fetch(path, {...how, headers: {...(token ? {Authorization: 'Bearer ' + token} : {}), 'Content-Type': 'application/json'}});
const shapes = {smooth: '●', delayed: '▲', congested: '■', down: '✕'};
// The rows stay while their numbers change, so that a button is not taken away under a finger.
function provider(p) {
  let row = $('provider ' + p.name);
  if (!row) {
    row = add($('providers'), 'tr', '');
    row.id = 'provider ' + p.name;
    add(row, 'th', p.name).scope = 'row';
    for (let i = 0; i < 10; i++) add(row, 'td', '');
    const button = add(row.children[2], 'button', '');
    button.onclick = async () => {
      button.disabled = true;
      try {
        const answer = await ask('/api/providers/' + p.name, {method: 'PATCH', body: JSON.stringify({paused: !row.paused})});
        const said = await answer.json();
        if (answer.ok) provider(said);
        else $('state').textContent = said.detail;
      } catch {
        $('state').textContent = 'The gateway does not answer; whether this was done is not known.';
      }
      button.disabled = false;
    };
  }
  row.paused = p.paused;
  const [light, , ...cells] = row.querySelectorAll('td'), m = p.last_minute;
  light.replaceChildren();
  const shown = add(light, 'span', p.light + (p.given_up ? ', given up here' : ''));
  shown.className = 'light ' + p.light;
  shown.dataset.shape = shapes[p.light];
  const seconds = n => n === null ? '–' : n.toFixed(n < 10 ? 2 : 0) + ' s';
  [count(m.started), count(m.verified), count(m.canceled), count(m.refused), count(m.unavailable), count(m.busy),
    seconds(m.return_seconds), seconds(m.ask_seconds)].forEach((text, i) => { cells[i].textContent = text; });
  const button = row.querySelector('button');
  button.textContent = p.paused ? 'Resume' : 'Pause';
  button.setAttribute('aria-label', button.textContent + ' ' + p.name);
  if (p.paused) add(light, 'p', 'paused by ' + p.paused_set_by).className = 'by';
}
async function identity() {
  const answer = await ask('/api/providers');
  if (!answer.ok) return;
  const all = await answer.json();
  $('identity').hidden = !all.providers.length;
  $('stale').hidden = !all.stale;
  for (const row of [...$('providers').children]) if (!all.providers.some(p => row.id === 'provider ' + p.name)) row.remove();
  all.providers.forEach(provider);
}
async function refresh() {
  try {
    const answer = await ask('/api/rooms');
    $('login').hidden = answer.status !== 401;
    if (answer.ok) {
      const all = await answer.json();
      $('warning').hidden = !all.warning;
      $('warning').textContent = all.warning || '';
      $('rooms').replaceChildren();
      all.rooms.forEach(show);
      await identity();
      $('state').textContent = 'As of ' + new Date().toLocaleTimeString('en-GB') + ', version ' + all.version;
    } else {
      $('rooms').replaceChildren();
      $('identity').hidden = true;
      $('state').textContent = (await answer.json()).detail;
    }
  } catch {
    $('state').textContent = 'The gateway does not answer; trying again.';
  }
  setTimeout(refresh, document.hidden ? 10000 : 1000);
}
$('login').addEventListener('submit', event => {
  event.preventDefault();
  token = $('token').value;
  sessionStorage.setItem('token', token);
  $('state').textContent = 'Asking …';
});
refresh();
