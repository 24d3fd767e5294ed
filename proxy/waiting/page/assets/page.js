(() => {
'use strict';
// Everything here asks and shows. Who enters is decided by the server alone: nothing in this page can open anything.
const data = document.currentScript.dataset;
const words = WORDS;
SHARED
const base = '/.waitroom/' + encodeURIComponent(data.room) + '/';
const clock = () => performance.now();

let language = data.language;
let standing = JSON.parse(data.standing);
let came = clock();
let asked = came;
let failures = 0;
let trouble = '';
let timer = 0;
let flight = null;
let hurry = false;
let going = false;
let registering = false;
let lost = false;
let lack = '';
let seal = {nonce: data.challenge, ath: data.ath};
let before = {state: standing.state, message: standing.message, trouble: '', position: standing.position};
let spoken = came;

const label = name => words[language].labels[name];
const each = (name, act) => document.querySelectorAll('[data-waitroom="' + name + '"]').forEach(act);
const put = (name, text) => each(name, element => { if (element.textContent !== text) element.textContent = text; });

// The server's clock, carried on by one that nobody can set.
const serverNow = () => instant(standing.server_time) + clock() - came;

// Private windows may forbid storage; it only serves the display, and the pause between reloads.
const recall = key => { try { return sessionStorage.getItem('waitroom:' + data.room + ':' + key); } catch { return null; } };
const keep = (key, value) => {
  try {
    sessionStorage.setItem('waitroom:' + data.room + ':' + key, value);
    return true;
  } catch { return false; }
};

const outside = ['called', 'admitted', 'closed', 'sold_out', 'other_device', 'unconfirmed', 'down', 'bad', 'limited'];
// There is nothing to ask: the page itself is loaded again.
const stuck = ['unconfirmed', 'down', 'bad', 'limited'];
const final = ['closed', 'sold_out', 'other_device', 'unconfirmed', 'down', 'bad'];

const turn = () => data.enter || standing.state === 'called' && !document.hidden;

// The same rules by which the server rendered the page.
function has() {
  const s = standing, state = s.state, line = !outside.includes(state);
  const eta = s.eta_seconds || {};
  const known = typeof eta.low === 'number' || typeof eta.high === 'number';
  const draw = state === 'early' && data.draw && !s.position;
  return {
    position: line && s.position > 0,
    waiting: line && s.waiting > 0,
    eta: line && known && !['early', 'paused', 'recovering', 'away'].includes(state),
    ticket: s.ticket_number > 0 && !['down', 'bad', 'limited'].includes(state),
    opens: state === 'early' && !!s.opens_at,
    entry: state === 'admitted' && instant(s.enter_at) > instant(s.server_time),
    checked: !!s.server_time,
    message: !!s.message,
    keep: line || state === 'called' || state === 'admitted',
    again: state !== 'sold_out',
    draw: !!draw,
    proof: line && !!data.draw,
    secret: line && data.draw === 'secret',
    request: !!data.error && ['down', 'bad', 'limited'].includes(state)
  };
}

function minutes(n) {
  if (n < 60) return fill(label('min'), {a: n});
  const hours = fill(label('hour'), {a: number(Math.floor(n / 60))});
  return n % 60 ? hours + ' ' + fill(label('min'), {a: n % 60}) : hours;
}

function wait(range) {
  let low = Math.max(typeof range.low === 'number' ? range.low : 0, 0);
  if (typeof range.high !== 'number') return fill(label('atleast'), {a: minutes(Math.floor(low / 60))});
  let high = Math.ceil(range.high / 60);
  low = Math.floor(Math.min(low, range.high) / 60);
  if (high > 60) { low -= low % 5; high = Math.ceil(high / 5) * 5; }
  if (high <= 1) return label('soon');
  if (low === 0) return fill(label('upto'), {b: minutes(high)});
  if (low === high) return fill(label('one'), {a: minutes(low)});
  if (high <= 60) return fill(label('minutes'), {a: low, b: high});
  return fill(label('range'), {a: minutes(low), b: minutes(high)});
}

const left = until => span(instant(until) - serverNow(), label('days'));

// Times of day in the room's zone. The visitor's own clock and zone are never read.
const local = text => new Date(instant(text) + data.offset * 60000).toISOString();
function zone() {
  const n = Math.abs(data.offset);
  if (!n) return 'UTC';
  return 'UTC' + (data.offset < 0 ? '-' : '+') + Math.floor(n / 60) + (n % 60 ? ':' + two(n % 60) : '');
}
function date(text) {
  const at = local(text);
  return fill(label('date'), {m: words[language].months[at.slice(5, 7) - 1], d: +at.slice(8, 10), t: at.slice(11, 16), z: zone()});
}

function progress(shown) {
  const now = standing.position, ticket = String(standing.ticket_number);
  let first = now;
  const saved = (recall('first') || '').split('/');
  if (saved[0] === ticket && saved[1] >= now) first = +saved[1];
  else if (shown) keep('first', ticket + '/' + now);
  const done = first > 1 ? (first - now) / (first - 1) : 1;
  each('progress', bar => {
    bar.hidden = !shown;
    bar.setAttribute('aria-valuenow', String(Math.round(done * 100)));
    if (bar.firstElementChild) bar.firstElementChild.style.transform = 'scaleX(' + Math.max(done, .02) + ')';
  });
}

function show() {
  const w = words[language], s = standing, h = has();
  const phrase = w.states[h.draw ? 'draw' : s.state] || w.states.waiting;
  document.documentElement.lang = language;
  document.title = (h.position ? number(s.position) + ' · ' : '') + phrase[0] + ' – ' + w.name;
  each('page', page => {
    page.dataset.state = s.state;
    page.dataset.has = Object.keys(h).filter(key => h[key]).join(' ');
  });
  document.querySelectorAll('[data-waitroom-label]').forEach(element => {
    const text = label(element.dataset.waitroomLabel);
    if (element.textContent !== text) element.textContent = text;
  });
  put('name', w.name);
  put('heading', phrase[0]);
  put('text', phrase[1]);
  put('position', h.position ? number(s.position) : '');
  put('waiting', h.waiting ? fill(label('people'), {a: number(s.waiting)}) : '');
  put('eta', h.eta ? wait(s.eta_seconds) : '');
  put('ticket_number', h.ticket ? number(s.ticket_number) : '');
  put('opens', h.opens ? date(s.opens_at) : '');
  put('checked', h.checked ? local(s.server_time).slice(11, 19) : '');
  put('message', s.message || '');
  put('trouble', trouble ? label(trouble) : '');
  each('trouble', element => { element.hidden = !trouble; });
  put('enter', label(['called', 'admitted'].includes(s.state) ? 'enter' : ['unconfirmed', 'down', 'bad'].includes(s.state) ? 'retry' : 'again'));
  each('switch', group => {
    group.hidden = false;
    group.setAttribute('aria-label', label('language'));
    group.querySelectorAll('button').forEach(b => b.setAttribute('aria-pressed', String(b.value === language)));
  });
  each('progress', bar => bar.setAttribute('aria-label', label('progress')));
  progress(h.position && s.state !== 'early');
  tick();
  speak(phrase);
}

function tick() {
  const h = has();
  put('countdown', h.opens ? left(standing.opens_at) : '');
  put('entry', h.entry ? left(standing.enter_at) : '');
}

// Screen readers hear changes of state at once, and the position once a minute at most.
function speak(phrase) {
  const s = standing, said = [];
  if (s.state !== before.state) said.push(phrase[0] + '. ' + phrase[1]);
  if (trouble !== before.trouble && trouble) said.push(label(trouble));
  if (s.message && s.message !== before.message) said.push(label('message') + ': ' + s.message);
  if (!said.length && s.position > 0 && s.position !== before.position && clock() - spoken > 60000) {
    said.push(label('position') + ' ' + number(s.position));
  }
  if (said.length) {
    put('status', said.join(' '));
    spoken = clock();
    before.position = s.position;
  }
  before.state = s.state;
  before.message = s.message;
  before.trouble = trouble;
}

// The key of this device: made once, kept by the browser, and shown to nobody, this script included.
const bytes = text => new TextEncoder().encode(text);
const base64 = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/[+/=]/g, c => ({'+': '-', '/': '_'})[c] || '');
const member = value => base64(bytes(JSON.stringify(value)));

// What is on the shelf; where that is nothing, what is brought. Of two pages that bring a key, both get the first one's.
const shelf = brought => new Promise((done, fail) => {
  const open = indexedDB.open('waitroom');
  open.onupgradeneeded = () => open.result.createObjectStore('keys');
  open.onerror = fail;
  open.onsuccess = () => {
    const keys = open.result.transaction('keys', 'readwrite', {durability: 'strict'}).objectStore('keys');
    const get = keys.get('device');
    get.onsuccess = () => { if (brought && !get.result) keys.put(brought, 'device'); };
    keys.transaction.oncomplete = () => done(get.result || brought);
  };
});

async function hold() {
  const key = await shelf() || await shelf(await crypto.subtle.generateKey({name: 'ECDSA', namedCurve: 'P-256'}, false, ['sign']));
  const {x, y} = await crypto.subtle.exportKey('jwk', key.publicKey);
  const jwk = {crv: 'P-256', kty: 'EC', x, y};
  return {jwk, secret: key.privateKey, jkt: base64(await crypto.subtle.digest('SHA-256', bytes(JSON.stringify(jwk))))};
}

// Nothing waits for it for long: without a key the visitor goes on as before.
const held = data.key ? Promise.race([hold(), new Promise(done => setTimeout(done, 3000))]).catch(() => null) : Promise.resolve();

async function proof(name) {
  const key = await held;
  if (!key) return name === 'device' ? 'none' : '';
  const signed = member({typ: 'waitroom-proof+jwt', alg: 'ES256', jwk: key.jwk}) + '.' +
    member({htm: 'POST', htu: location.origin + base + name, nonce: seal.nonce, ath: name === 'device' ? undefined : seal.ath});
  return signed + '.' + base64(await crypto.subtle.sign({name: 'ECDSA', hash: 'SHA-256'}, key.secret, bytes(signed)));
}

// One call; one that was signed over an old nonce is made once more.
async function call(name, signal, again) {
  const headers = {Accept: 'application/json'}, changes = name !== 'status';
  const signed = changes && data.key ? await proof(name) : '';
  if (signed) headers['Waitroom-Proof'] = signed;
  const reply = await fetch(base + name, {
    method: changes ? 'POST' : 'GET', cache: 'no-store', redirect: 'error', headers, signal
  });
  const nonce = reply.headers.get('Waitroom-Nonce');
  if (nonce) seal = {nonce, ath: reply.headers.get('Waitroom-Ath') || undefined};
  return reply.status === 401 && signed && !again ? call(name, signal, true) : reply;
}

// Without the key that it needs, this browser can wait, and not enter.
async function check(registered) {
  const key = await held;
  if (registered) data.jkt = key ? key.jkt : '';
  registering = !!key && !key.jkt.startsWith(data.jkt || '-');
  lost = !key && !!data.jkt;
  trouble = lack = !key && data.key === 'require' ? 'nokey' : '';
  if (lost) answered(standing);
}

function plan(pause) {
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

// One question at a time. A called visitor who is looking enters; entering twice gives the same pass.
async function ask() {
  clearTimeout(timer);
  if (flight || going) return;
  if (stuck.includes(standing.state)) { leave(); return; }
  const register = registering;
  const entering = turn() && !register && !lack && !lost;
  flight = new AbortController();
  asked = clock();
  const limit = setTimeout(() => flight.abort(), 15000);
  let reply = null, body = null;
  try {
    reply = await call(register ? 'device' : entering ? data.enter || 'enter' : 'status', flight.signal);
    body = await reply.json();
    if (reply.ok) data.enter = '';
  } catch {
    // A lost or unreadable answer is judged below by what did come.
  }
  clearTimeout(limit);
  flight = null;
  const retry = reply ? Math.min(+reply.headers.get('Retry-After') || 0, 600) * 1000 : 0;
  const again = hurry;
  hurry = false;
  const told = body && typeof body.state === 'string' && body.server_time;
  const no = reply && reply.status >= 400 && reply.status < 500 && ![401, 409, 429].includes(reply.status);
  if (register && reply) {
    registering = false;
    if (reply.ok) await check(true);
  } else if (entering && reply && reply.status === 401) {
    registering = true;
  }
  // These have pages of their own. Where no places are given, having none is no reason to leave.
  if (told && ['identify', 'not_eligible', 'other_device'].includes(body.state) || no && !(told && ['closed', 'sold_out'].includes(body.state))) refused();
  else if (told) answered(body, entering, reply.ok ? 0 : retry);
  else failed(retry, again);
}

function answered(body, entering, retry) {
  // Who has lost the key of a place is somebody new, once they want to be.
  standing = lost ? {...body, state: 'other_device', next_poll_ms: 0} : body;
  came = clock();
  failures = 0;
  trouble = lack;
  show();
  next(entering, retry);
}

function next(entered, retry) {
  const s = standing;
  if (s.state === 'admitted' && !data.enter) return depart(entered ? 0 : 1000);
  if (turn() && !entered && !lack) return plan(0);
  if (s.state === 'called' && document.hidden) {
    try { navigator.vibrate([200, 100, 200]); } catch { /* Not every browser has it. */ }
  }
  if (!s.next_poll_ms && final.includes(s.state)) return;
  plan(Math.max(Math.min(s.next_poll_ms || 30000, 300000), retry, s.state === 'called' && entered ? 2000 : 500));
}

function failed(retry, again) {
  failures++;
  trouble = navigator.onLine === false ? 'offline' : 'noanswer';
  show();
  const pause = Math.min(2000 * 2 ** Math.min(failures - 1, 6), 30000) * (.75 + Math.random() / 2);
  plan(again ? 0 : Math.max(Math.min(pause, 30000), retry));
}

// The server does not know this visitor any more, or this page is too old: the page itself is asked for, once a minute
// at most, so that nothing goes round in circles. Without cookies that would only take another place each time.
function refused() {
  const now = serverNow();
  const due = navigator.cookieEnabled && Math.abs(now - recall('reloaded')) >= 60000;
  if (due && (keep('reloaded', String(now)) || clock() > 60000)) leave();
  else failed(0, false);
}

// The pass begins at enter_at. Going earlier would only lead back here.
function depart(least) {
  going = true;
  const pause = Math.max(instant(standing.enter_at) - serverNow() + 50, least);
  setTimeout(leave, standing.enter_at ? pause : least);
}

function leave() {
  if (navigator.onLine === false) {
    going = false;
    failed(0, false);
    return;
  }
  going = true;
  // With the address unchanged, only a reload keeps what stands behind its #.
  if (location.hash && location.pathname + location.search === data.return) location.reload();
  else location.replace(data.return);
  // Still here after a while: the way was lost, so it is asked for again.
  setTimeout(() => { going = false; ask(); }, 20000);
}

// Back from sleep, from another tab, or from a dead network: ask at once, but not twice within a second.
function wake(lost) {
  if (going) return;
  if (flight) {
    if (lost) { hurry = true; flight.abort(); }
    return;
  }
  if (stuck.includes(standing.state)) return;
  if (clock() - asked < 1000) plan(1000);
  else ask();
}

function speakIn(chosen) {
  language = chosen;
  remember(chosen);
  show();
}

function begin() {
  if (registering) ask();
  else next(false, 0);
}

function start() {
  each('other', element => element.remove());
  each('switch', group => group.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (button && words[button.value]) speakIn(button.value);
  }));
  each('enter', link => link.addEventListener('click', event => {
    if (stuck.includes(standing.state) || going) return;
    event.preventDefault();
    registering = registering || lost;
    wake(false);
  }));
  addEventListener('online', () => wake(true));
  addEventListener('offline', () => { trouble = 'offline'; show(); });
  addEventListener('pageshow', event => { if (event.persisted) { going = false; wake(true); } });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) wake(false); });
  setInterval(tick, 1000);
  show();
  if (data.key) check(false).then(() => { if (!lost) { show(); begin(); } });
  else begin();
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
})();
