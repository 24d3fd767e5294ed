(() => {
'use strict';
// Everything here shows and asks for lights. Who is let go on is decided by the server alone.
const data = document.currentScript.dataset;
SHARED
const came = performance.now();
const serverNow = () => +data.now + performance.now() - came;
const all = selector => document.querySelectorAll(selector);
const shown = () => all('.card:not([hidden])')[0];

let pause = +data.pause || 30000;
let asked = came;
let timer = 0;
let sent = false;

// Two cards, of which one is shown: what was folded up for those without script.
function speakIn(language) {
  for (const card of all('.card')) {
    card.hidden = card.lang !== language;
    if (card.hidden) continue;
    document.documentElement.lang = language;
    document.title = card.dataset.title;
    all('.name span')[0].textContent = card.dataset.name;
  }
  for (const button of all('.switch button')) button.setAttribute('aria-pressed', String(button.value === language));
}

// Screen readers hear what changed, not every second.
const say = text => { all('[role=status]')[0].textContent = text; };

function tick() {
  const now = serverNow();
  for (const timer of all('[data-until]')) {
    const left = +timer.dataset.until - now;
    const text = span(left, timer.closest('.card').dataset.days);
    if (timer.textContent !== text) timer.textContent = text;
    if (left <= 0) arrived(timer);
  }
}

// What was waited for has come: the button is there, and all who waited for the same go on within some seconds of each other.
function arrived(timer) {
  const card = timer.closest('.card');
  timer.removeAttribute('data-until');
  for (const over of card.querySelectorAll('[data-wait]')) over.hidden = true;
  const now = card.querySelectorAll('[data-then]');
  for (const one of now) one.hidden = false;
  if (!now.length || card.hidden) return;
  say(now[0].textContent);
  setTimeout(() => location.replace(data.return), 2000 + Math.random() * 8000);
}

function show(body) {
  const changed = [];
  for (const {name, light} of body.providers || []) {
    for (const button of all('.provider')) {
      if (button.dataset.provider !== name || button.dataset.light === light) continue;
      const card = button.closest('.card');
      const fresh = Array.from(card.querySelector('[data-legend]').children).find(one => one.classList.contains(light));
      const old = button.querySelector('.light');
      if (old) old.remove();
      if (fresh) button.append(fresh.cloneNode(true));
      button.dataset.light = light;
      button.disabled = light === 'paused' && button !== document.activeElement;
      if (!card.hidden) changed.push(button.innerText.replace(/\s+/g, ' '));
    }
  }
  if (changed.length) say(changed.join(', '));
  const stale = body.lights_stale;
  const at = new Date((stale ? instant(body.lights_at) : serverNow()) + data.offset * 1000);
  for (const old of all('.old')) old.hidden = !stale;
  for (const stamp of all('.stamp')) {
    stamp.hidden = stale && !body.lights_at;
    if (!stamp.hidden) stamp.querySelector('b').textContent = at.toISOString().slice(11, 19);
  }
  sort((body.providers || []).map(one => one.name));
}

// Nothing moves under a finger, or away from the keyboard: only while nobody looks, or where the first one is of no use any more.
function sort(names) {
  for (const list of all('.card ul')) {
    const first = list.querySelector('.provider');
    if (list.contains(document.activeElement) || !document.hidden && !['down', 'paused'].includes(first.dataset.light)) continue;
    for (const name of names) {
      for (const button of list.querySelectorAll('.provider')) if (button.dataset.provider === name) list.append(button.parentNode);
    }
  }
}

function plan(ms) {
  clearTimeout(timer);
  timer = setTimeout(ask, ms * (.75 + Math.random() / 2));
}

async function ask() {
  if (document.hidden) return;
  asked = performance.now();
  let next = Math.min(pause * 2, 120000);
  try {
    const reply = await fetch('/.waitroom/' + encodeURIComponent(data.room) + '/login', {
      cache: 'no-store', redirect: 'error', headers: {Accept: 'application/json'}, signal: AbortSignal.timeout(15000)
    });
    const body = await reply.json();
    if (reply.ok) {
      if (body.server_time) data.now = instant(body.server_time) - (performance.now() - came);
      show(body);
      next = pause = Math.max(body.next_poll_ms || +data.pause || 30000, 5000);
    }
  } catch {
    // The lights stay as they were, and it is asked again later.
  }
  plan(next);
}

function start() {
  const language = document.documentElement.lang;
  for (const folded of all('.other')) {
    folded.before(folded.querySelector('.card'));
    folded.remove();
  }
  for (const group of all('.switch')) {
    group.hidden = false;
    group.addEventListener('click', event => {
      const button = event.target.closest('button');
      if (!button) return;
      remember(button.value);
      speakIn(button.value);
    });
  }
  for (const one of all('[data-then]')) one.hidden = true;
  const fields = all('[name=invite]');
  for (const field of fields) field.addEventListener('input', () => { for (const other of fields) other.value = field.value; });
  // One press is enough, however long the provider takes.
  addEventListener('submit', event => {
    if (sent) event.preventDefault();
    sent = true;
    const legend = shown().querySelector('[data-legend]');
    if (legend) say(legend.dataset.going);
    setTimeout(() => { sent = false; }, 8000);
  });
  addEventListener('pageshow', () => { sent = false; });
  // The address of an answer that was used is of no use again: a reload begins where the visitor wanted to go.
  if (/\/callback$/.test(location.pathname)) history.replaceState(null, '', data.return);
  speakIn(language);
  setInterval(tick, 1000);
  tick();
  if (!all('.provider').length) return;
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) plan(performance.now() - asked > pause ? 0 : pause);
  });
  plan(pause);
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
})();
