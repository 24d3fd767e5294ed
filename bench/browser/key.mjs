// node key.mjs POLICY GATEWAY OPERATORS TOKEN: how a real browser holds the device's key, at a gateway whose room has that
// policy and lets nobody in yet. Prints one line per promise; the first that is broken ends it with exit 1.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from './pages.mjs';
import { device, home, inside, keyed, operated, until } from './room.mjs';

const [policy, gateway, operators, token] = process.argv.slice(2);
const base = gateway + '/.waitroom/booking/';
const rate = operated(operators, token);

function check(promise, kept, seen) {
  if (!kept) throw new Error(`${promise}: ${JSON.stringify(seen)}`);
  console.log(`${policy}: ${promise}`);
}

const number = async page => (await page.locator('[data-waitroom=ticket_number]').first().textContent()).trim();
const problem = async reply => reply.status() + ' ' + ((await reply.json()).type || '').replace('urn:waitroom:problem:', '');

// held is the key as it lies in the browser.
const held = page => page.evaluate(() => new Promise((done, fail) => {
  const open = indexedDB.open('waitroom');
  open.onerror = fail;
  open.onsuccess = () => {
    const get = open.result.transaction('keys').objectStore('keys').get('device');
    get.onsuccess = async () => {
      const { privateKey } = get.result;
      const out = await crypto.subtle.exportKey('jwk', privateKey).then(() => 'exported', error => error.name);
      done({ extractable: privateKey.extractable, usages: privateKey.usages.join(), curve: privateKey.algorithm.namedCurve, out });
    };
  };
}));

async function prefer(dir, others) {
  let context = await home(dir), page = await context.newPage();
  await page.goto(gateway + '/book');
  await keyed(context);
  const first = await number(page), cookie = await device(context);
  const key = await held(page);
  check('the page makes a key that cannot be exported', !key.extractable && key.out === 'InvalidAccessError' && key.curve === 'P-256' && key.usages === 'sign', key);
  await page.reload();
  check('a reload keeps key and place', await number(page) === first && await device(context) === cookie, await number(page));
  await context.close();
  context = await home(dir);
  page = await context.newPage();
  await page.goto(gateway + '/book');
  check('a restart of the browser keeps key and place', await number(page) === first && await device(context) === cookie, await number(page));

  // Everything but the profile itself is copied: the cookies, and what the browser calls itself.
  const agent = await page.evaluate(() => navigator.userAgent);
  const jar = await context.cookies();
  const copy = async () => {
    const twin = await others.newContext({ userAgent: agent });
    await twin.addCookies(jar);
    return twin;
  };
  const headers = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'empty', Accept: 'application/json' };
  const thief = await copy();
  const second = await copy(), other = await second.newPage();
  await other.goto(gateway + '/book');
  await until('the copy is somebody new', async () => await device(second) !== cookie && await number(other) !== first);
  await keyed(second);
  check('a copied jar in a second profile is somebody new', true);

  // Its turn comes while who holds the key is away: the copy cannot use it, nor give it up.
  await context.setOffline(true);
  await rate('36000/h');
  await until('the place is called', async () => (await (await thief.request.get(base + 'status', { headers })).json()).state === 'called');
  for (const call of ['enter', 'leave', 'device']) {
    const reply = await thief.request.post(base + call, { headers });
    check(`a copied jar is refused: ${call}`, await problem(reply) === '401 use-nonce', await problem(reply));
  }
  await context.setOffline(false);
  await inside(page);
  check('who holds the key enters', (await context.cookies()).some(c => c.name === 'waitroom-pass-booking'));
  await inside(other);
  const late = await copy();
  const again = await late.request.post(base + 'enter', { headers });
  check('a copied jar gets no pass of one who is inside', await problem(again) === '401 use-nonce', await problem(again));
  const visit = await late.request.get(gateway + '/book');
  check('nor by a navigation', (await visit.text()).includes('data-waitroom="page"') && !(await late.cookies()).some(c => c.name === 'waitroom-pass-booking'));
  await context.clearCookies({ name: 'waitroom-pass-booking' });
  await page.goto(gateway + '/book');
  await inside(page);
  check('who has lost the pass and holds the key is let in again', true);
  await context.close();

  const plain = await others.newContext();
  await plain.addInitScript(() => Object.defineProperty(window, 'indexedDB', { get() { throw new Error('forbidden'); } }));
  const without = await plain.newPage();
  await without.goto(gateway + '/book');
  await inside(without);
  check('a browser that cannot hold a key goes on as before', /^[\w-]{22}$/.test(await device(plain)), await device(plain));
}

async function off(dir, others) {
  const context = await others.newContext(), page = await context.newPage();
  await page.goto(gateway + '/book');
  const made = await page.evaluate(async () => (await indexedDB.databases()).length);
  check('no key is made', made === 0, made);
  await rate('36000/h');
  await inside(page);
  check('visitors enter by their cookies', /^[\w-]{22}$/.test(await device(context)), await device(context));
}

async function require(dir, others) {
  const context = await others.newContext({ locale: 'en-GB' });
  await context.addInitScript(() => Object.defineProperty(window, 'indexedDB', { get() { throw new Error('forbidden'); } }));
  const page = await context.newPage();
  await page.goto(gateway + '/book');
  const trouble = page.locator('[data-waitroom=trouble]');
  await trouble.filter({ hasText: 'cannot make the device key' }).waitFor();
  check('a browser that cannot hold a key is told so', await trouble.isVisible());
  const mute = await others.newContext({ javaScriptEnabled: false }), still = await mute.newPage();
  await still.goto(gateway + '/book');
  const note = still.locator('noscript p'), told = await note.textContent();
  check('one without script, too, in both languages', await note.isVisible() && told.includes('자바스크립트를 켜') && told.includes('Turn on JavaScript'), told);
  const able = await others.newContext(), good = await able.newPage();
  await good.goto(gateway + '/book');
  await keyed(able);
  await rate('36000/h');
  await inside(good);
  check('who holds a key enters', true);
  await until('the other one is called', async () => await page.locator('body').getAttribute('data-state') === 'called');
  const reply = await context.request.post(base + 'enter', { headers: { Accept: 'application/json' } });
  check('nobody enters without', await problem(reply) === '401 key-required' && await trouble.isVisible(), await problem(reply));
}

const dir = await mkdtemp(join(tmpdir(), 'waitroom-profile-'));
const others = await launch();
try {
  await { prefer, off, require }[policy](dir, others);
} catch (error) {
  console.error(error.stack);
  process.exitCode = 1;
} finally {
  await others.close();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  process.exit();
}
