// node prove.mjs GATEWAY OPERATORS TOKEN [PICTURES]: of a browser that holds a key and a copy of its cookies, at a gateway whose
// passes rotate every two seconds, the copy is out and the browser proves its key and goes on. Prints one line per promise; the
// first that is broken ends it with exit 1. With a folder for pictures it writes what people see meanwhile.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './pages.mjs';
import { device, inside, keyed, operated, until } from './room.mjs';

const [gateway, operators, token, pictures] = process.argv.slice(2);
const rate = operated(operators, token);
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const pause = ms => new Promise(done => setTimeout(done, ms));

function check(promise, kept, seen) {
  if (!kept) throw new Error(`${promise}: ${JSON.stringify(seen)}`);
  console.log(promise);
}

async function picture(page, name) {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, name + '.png'), fullPage: true });
}

const pass = async context => (await context.cookies()).find(c => c.name === 'waitroom-pass-booking')?.value;
// The claims of a pass: who it is and which generation.
const claims = async context => JSON.parse(Buffer.from((await pass(context)).split('.')[1], 'base64url'));
const generation = async context => Math.floor((await claims(context)).gen / 2 ** 26);
// load asks for a page, and says what came: the status, and whether it is the backend's.
async function load(page, path) {
  const reply = await page.goto(gateway + path);
  return { status: reply.status(), inside: (await reply.text()).includes('id=inside') };
}

async function enter(browser, locale) {
  const context = await browser.newContext({ ...phone, locale }), page = await context.newPage();
  await page.goto(gateway + '/book');
  await keyed(context);
  await rate('36000/h');
  await inside(page);
  await rate('0'); // so that whoever comes anew waits
  return { context, page };
}

async function fork(browser, locale) {
  const owner = await enter(browser, locale), agent = await owner.page.evaluate(() => navigator.userAgent);
  const thief = await browser.newContext({ ...phone, locale, userAgent: agent });
  await thief.addCookies(await owner.context.cookies());
  const copy = await thief.newPage(), jti = (await claims(owner.context)).jti;
  check(`${locale}: a copy of all cookies is inside at first`, (await load(copy, '/book?copy')).inside);

  // Both go on, as a browser and its copy do, until one of them is asked for the key. Here the owner is held back on that page.
  let held = false, release;
  const free = new Promise(done => { release = done; });
  await owner.page.route('**/.waitroom/booking/prove', async route => { held = true; await free; await route.continue(); });
  const from = await generation(owner.context);
  let asked = null, last = 0, stolen;
  for (let n = 0; !asked; n++) {
    for (const [who, page] of [['owner', owner.page], ['copy', copy]]) {
      if (who === 'copy' && !asked) stolen = await thief.cookies();
      if (who === 'owner') last = await generation(owner.context);
      const seen = await load(page, `/book?${who}=${n}`);
      if (!seen.inside && !asked) asked = { who, n, ...seen };
    }
    if (n > 60) throw new Error('a copy and its owner are both inside after ' + n + ' pages each');
    await pause(300);
  }
  check(`${locale}: the pass freezes within a few rotations`, asked.status === 403 && last - from <= 4, { asked, from, last });
  const frozen = await until('both are kept out', async () => {
    const seen = await load(owner.page, '/book?frozen');
    return seen.status === 403 && !seen.inside && seen;
  });
  check(`${locale}: its owner gets the page that proves`, frozen.status === 403, frozen);
  await until('the page proves', async () => held);
  await picture(owner.page, 'prove-owner-' + locale);
  const data = await owner.context.request.get(gateway + '/book/data', { headers: { 'Sec-Fetch-Dest': 'empty', Accept: 'application/json' } });
  check(`${locale}: requests for data are told so`, data.status() === 403 && (await data.json()).type === 'urn:waitroom:problem:prove-device', data.status());

  release();
  await until('the owner is inside again', async () => (await owner.page.locator('#inside').count()) === 1 && owner.page.url().endsWith('/book?frozen'));
  check(`${locale}: who holds the key proves it and is where they were`, (await claims(owner.context)).jti === jti);

  const before = stolen.find(c => c.name === 'waitroom-device').value;
  const out = await load(copy, '/book?after');
  check(`${locale}: the copy is out`, !out.inside, out);
  await until('the copy is somebody new, who waits', async () => await device(thief) !== before &&
    (await copy.locator('[data-waitroom=page]').getAttribute('data-state')) === 'paused'); // the rate is 0
  check(`${locale}: with a key of its own it is somebody new, and waits`, !(await pass(thief)) || (await claims(thief)).jti === jti);
  await picture(copy, 'prove-copy-' + locale);
  const late = await browser.newContext({ ...phone, locale, userAgent: agent });
  await late.addCookies(stolen);
  for (let n = 0; n < 3; n++) {
    const reply = await late.request.get(`${gateway}/book?late=${n}`, { headers: { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' } });
    check(`${locale}: what was copied stays out`, reply.status() === 403 && !(await reply.text()).includes('id=inside'), reply.status());
    await pause(700);
  }
  const proved = await generation(owner.context);
  for (const end = Date.now() + 20000; await generation(owner.context) < proved + 2;) {
    const seen = await load(owner.page, '/book?on');
    if (!seen.inside) throw new Error(`${locale}: the owner is not inside any more: ${JSON.stringify(seen)}`);
    if (Date.now() > end) throw new Error(`${locale}: the owner's pass does not rotate any more`);
    await pause(300);
  }
  check(`${locale}: the owner goes on for two more generations`, true);
  await owner.context.close();
  await thief.close();
  await late.close();
}

const browser = await launch();
try {
  await fork(browser, 'ko-KR');
  if (pictures) await fork(browser, 'en-GB');
} catch (error) {
  console.error(error.stack);
  process.exitCode = 1;
} finally {
  await browser.close();
  process.exit();
}
