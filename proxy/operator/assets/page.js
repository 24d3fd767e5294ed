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
async function refresh() {
  try {
    const answer = await fetch('/api/rooms', {headers: token ? {Authorization: 'Bearer ' + token} : {}});
    $('login').hidden = answer.status !== 401;
    if (answer.ok) {
      const all = await answer.json();
      $('warning').hidden = !all.warning;
      $('warning').textContent = all.warning || '';
      $('rooms').replaceChildren();
      all.rooms.forEach(show);
      $('state').textContent = 'As of ' + new Date().toLocaleTimeString('en-GB') + ', version ' + all.version;
    } else {
      $('rooms').replaceChildren();
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
