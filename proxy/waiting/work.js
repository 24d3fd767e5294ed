(() => {
'use strict';
// Solves the puzzle that came with the page, takes a place with it, and loads the page anew; or goes on to where people are verified.
// Only the server decides.
const data = document.currentScript.dataset;
const puzzle = JSON.parse(data.puzzle);
const parameters = puzzle.parameters;
const words = {
  ko: ['잠시 확인하고 있습니다', '대기열에 들어가기 전에 이 기기에서 짧은 계산을 합니다. 끝나면 자동으로 순번을 받습니다.',
    '확인을 마치지 못했습니다. 잠시 후 자동으로 다시 시도합니다.', '진행'],
  en: ['One moment, please', 'Before you join the line your device solves a short puzzle. You then get your place by itself.',
    'The puzzle could not be solved. It is tried again by itself in a moment.', 'Progress']
};
if (data.login) {
  words.ko[1] = '본인 확인을 시작하기 전에 이 기기에서 짧은 계산을 합니다. 끝나면 고르신 확인 기관으로 이동합니다.';
  words.en[1] = 'Before you go on to verify who you are your device solves a short puzzle. You are then taken to the service that you chose.';
}
const limit = 90000;
const parallel = 4;
const bytes = text => Uint8Array.from(text.match(/../g), two => parseInt(two, 16));
const hex = buffer => Array.from(new Uint8Array(buffer), byte => byte.toString(16).padStart(2, '0')).join('');
const put = (name, text) => document.querySelectorAll('[data-waitroom="' + name + '"]').forEach(element => {
  if (element.textContent !== text) element.textContent = text;
});
const language = () => words[document.documentElement.lang === 'en' ? 'en' : 'ko'];

let tried = 0;
let failed = false;

function show() {
  const [heading, text, trouble, progress] = language();
  const share = 1 - Math.exp(-tried / 16 ** parameters.keyPrefix.length);
  put('heading', heading);
  document.title = document.title.replace(/^.*(?= – )/, heading);
  put('text', failed ? trouble : text + ' ' + progress + ': ' + Math.floor(share * 100) + '%');
}

async function derive(counter) {
  const nonce = bytes(parameters.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  return hex(await crypto.subtle.deriveBits(
    {name: 'PBKDF2', hash: 'SHA-256', salt: bytes(parameters.salt), iterations: parameters.cost}, key, parameters.keyLength * 8));
}

async function solve() {
  const began = performance.now();
  const tries = Array.from({length: parallel}, (_, i) => i);
  for (let counter = 0; performance.now() - began < limit; counter += parallel) {
    const keys = await Promise.all(tries.map(i => derive(counter + i)));
    const found = keys.findIndex(key => key.startsWith(parameters.keyPrefix));
    if (found >= 0) {
      return {counter: counter + found, derivedKey: keys[found], time: Math.round(performance.now() - began)};
    }
    tried = counter + parallel;
  }
  throw new Error('too slow');
}

async function join() {
  const solution = await solve();
  const reply = await fetch(data.login || '/.waitroom/' + encodeURIComponent(data.room) + '/join', {
    method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'error',
    headers: {Accept: 'application/json', 'Content-Type': 'application/json', 'Waitroom-Work': btoa(JSON.stringify({challenge: puzzle, solution}))},
    body: data.login && JSON.stringify({return: data.return, invite: data.invite})
  });
  if (!reply.ok) throw new Error('refused');
  if (data.login) location.replace((await reply.json()).url);
  else location.reload();
}

function start() {
  const timer = setInterval(show, 300);
  show();
  put('status', language()[0] + '. ' + language()[1]);
  // Without a secure connection there is no WebCrypto; the page then waits, and is loaded anew.
  join().catch(() => {
    failed = true;
    clearInterval(timer);
    show();
    put('status', language()[2]);
  });
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
})();
