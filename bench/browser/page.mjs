// node page.mjs DIR: how the waiting page behaves in a real browser, against a server that says what the test wants.
// DIR holds the rendered pages. Exit 1 if anything is not as it should be.
import assert from 'node:assert/strict';
import { launch, pages, run, serve, watched } from './pages.mjs';

const dir = process.argv[2];
if (!dir) { console.error('usage: node page.mjs DIR'); process.exit(2); }

const base = Date.parse('2021-08-12T10:42:10Z');
const standing = (state, more = {}) => ({
  room: 'booking', state, position: 1200, waiting: 480000, eta_seconds: { low: 600, high: 900 }, next_poll_ms: 500,
  enter_at: null, opens_at: null, server_time: new Date(base).toISOString().replace('Z', '000Z'), message: '',
  ticket_number: 51077, ...more,
});

const browser = await launch();
let asked = [];
let answer = () => null;
const server = await serve(dir, async (request, response) => {
  const call = `${request.method} ${request.url}`;
  asked.push(call);
  const reply = answer(call, asked.length);
  if (reply === 'silence') return;
  if (reply === 'cut') {
    // Half an answer: a connection that breaks earlier is tried again by the browser itself.
    response.writeHead(200, { 'Content-Length': 1000 }).write('{"state":"admitted"');
    return setTimeout(() => request.socket.destroy(), 20);
  }
  response.writeHead(reply.status || 200, { 'Content-Type': 'application/json', ...reply.headers });
  response.end(JSON.stringify(reply.body || {}));
});

// open shows one page; its init function, if any, runs before the page's own script.
async function open(name, { init, ...options } = {}) {
  asked = [];
  const context = await browser.newContext({ locale: 'ko-KR', ...options });
  const page = await watched(context);
  if (init) await page.addInitScript(init);
  await page.goto(`${server.url}/${name}.html`);
  page.left = [];
  return page;
}

const text = (page, name) => page.locator(`[data-waitroom="${name}"]`).first().textContent();

async function until(what, condition, limit = 30000) {
  const end = performance.now() + limit;
  for (;;) {
    if (await condition()) return;
    if (performance.now() > end) throw new Error(`waited ${limit} ms for: ${what}; calls: ${asked.join(', ')}`);
    await new Promise(next => setTimeout(next, 25));
  }
}

const hidden = () => {
  window.__hidden = true;
  Object.defineProperty(document, 'hidden', { get: () => window.__hidden });
};

// later lets time go by for the page, on the only clock that it reads, and has the visitor look at it then.
const later = (page, pause) => page.evaluate(pause => {
  const real = performance.now.bind(performance);
  performance.now = () => real() + pause;
  document.dispatchEvent(new Event('visibilitychange'));
}, pause);

const tests = {
  async 'the script shows what the server rendered, in every state and language'() {
    answer = () => 'silence';
    const names = await pages(dir);
    const plain = await open(names[0], { javaScriptEnabled: false });
    const page = await open(names[0], { init: () => { performance.now = () => 0; } }); // countdowns stand still
    for (const name of names) {
      const fields = ['heading', 'text', 'position', 'waiting', 'eta', 'ticket_number', 'opens', 'countdown', 'entry',
        'checked', 'message', 'enter', 'name', 'page'];
      const read = async page => {
        const got = { title: await page.title() };
        for (const field of fields.slice(0, -1)) got[field] = await text(page, field);
        got.has = (await page.locator('body').getAttribute('data-has')).trim().split(' ').sort().join(' ');
        got.state = await page.locator('body').getAttribute('data-state');
        return got;
      };
      await plain.goto(`${server.url}/${name}.html`);
      await page.goto(`${server.url}/${name}.html`);
      assert.deepEqual(await read(page), await read(plain), name);
      assert.deepEqual(page.troubles, [], name);
    }
  },

  async 'polls when it is told to, and shows the answer'() {
    answer = (_, n) => ({ body: standing('paused', { position: 1200 - n, message: '<img src=x onerror=alert(1)>' }) });
    const page = await open('called.ko');
    await until('paused', async () => (await text(page, 'heading')) === '입장을 잠시 멈추었습니다');
    assert.equal(asked[0], 'POST /.waitroom/booking/enter');
    await until('a second poll', () => asked.length > 2);
    assert.equal(asked[1], 'GET /.waitroom/booking/status');
    assert.equal(await text(page, 'message'), '<img src=x onerror=alert(1)>');
    assert.match(await text(page, 'status'), /입장을 잠시 멈추었습니다/);
    assert.match(await page.title(), /^1,1\d\d · 입장을 잠시 멈추었습니다/);
    assert.deepEqual(page.troubles, []);
    return page;
  },

  async 'a lost answer to enter is asked for again, and the visitor goes back to the page asked for'() {
    answer = (_, n) => n === 1 ? 'cut' : { body: standing('admitted', { enter_at: '2021-08-12T10:42:11.500000Z' }) };
    const page = await open('called.ko');
    await until('trouble shown', () => page.locator('[data-waitroom="trouble"]').isVisible());
    await until('the second enter', () => asked.length === 2);
    const entered = performance.now();
    await until('leaving', () => page.left.length > 0);
    assert.ok(performance.now() - entered > 1300, 'left before enter_at');
    assert.deepEqual(asked, ['POST /.waitroom/booking/enter', 'POST /.waitroom/booking/enter']);
    assert.equal(page.left[0].pathname + page.left[0].search, '/book/slots?day=2021-08-12&centre=3');
    return page;
  },

  async 'a clock that is set two hours forward changes nothing'() {
    answer = () => ({ body: standing('admitted', { enter_at: '2021-08-12T10:42:12.000000Z' }) });
    const page = await open('called.ko', { init: () => { const now = Date.now; Date.now = () => now() + 7200000; } });
    await until('the countdown', async () => (await text(page, 'entry')) === '00:02');
    assert.equal(page.left.length, 0);
    return page;
  },

  async 'called in a hidden tab: the place is kept, the title says so, and entering waits for the person'() {
    answer = call => ({ body: standing(call.includes('enter') ? 'admitted' : 'called', { position: null }) });
    const page = await open('called.en', { init: hidden });
    await until('two polls', () => asked.length >= 2);
    assert.ok(asked.every(call => call.startsWith('GET')), asked.join());
    assert.match(await page.title(), /^It's your turn – /);
    await page.evaluate(() => { window.__hidden = false; document.dispatchEvent(new Event('visibilitychange')); });
    await until('entering', () => asked.includes('POST /.waitroom/booking/enter'));
    await until('leaving', () => page.left.length > 0);
    return page;
  },

  async 'offline is shown, the place is kept, and being back asks at once'() {
    answer = () => ({ body: standing('waiting') });
    const page = await open('called.ko');
    await until('an answer', () => asked.length > 1);
    await page.context().setOffline(true);
    await until('offline', () => page.locator('[data-waitroom="trouble"]').isVisible());
    assert.match(await text(page, 'trouble'), /순번은 그대로 유지/);
    assert.equal(await text(page, 'position'), '1,200');
    // After some failures the pause is long; being back must not wait for it.
    await new Promise(next => setTimeout(next, 5000));
    const before = asked.length;
    const back = performance.now();
    await page.context().setOffline(false);
    await until('a call', () => asked.length > before);
    assert.ok(performance.now() - back < 1500, `asked only after ${performance.now() - back} ms`);
    await until('no trouble', async () => !(await page.locator('[data-waitroom="trouble"]').isVisible()));
    return page;
  },

  async 'failures make the pauses grow'() {
    const times = [];
    answer = (call, n) => { times.push(performance.now()); return n < 4 ? { status: 503 } : { body: standing('waiting') }; };
    const page = await open('called.ko');
    await until('four calls', () => times.length >= 4);
    const pauses = times.slice(1, 4).map((at, i) => at - times[i]);
    assert.ok(pauses[0] > 1400 && pauses[1] > 2900 && pauses[2] > 5900, pauses.join());
    await until('no trouble', async () => !(await page.locator('[data-waitroom="trouble"]').isVisible()));
    return page;
  },

  async 'a server that knows the visitor no more gets one reload a minute, not a storm'() {
    answer = () => ({ status: 404 });
    const page = await open('called.ko');
    await until('the reload', () => page.left.length === 1);
    await page.goto(`${server.url}/called.ko.html`);
    page.left = [];
    const before = asked.length;
    await until('further calls', () => asked.length > before + 1);
    assert.equal(page.left.length, 0);
    await later(page, 61000);
    await until('the second reload', () => page.left.length === 1);
    return page;
  },

  async 'a place that is lost within a minute of the reload is asked for once the minute is over'() {
    let known = false;
    answer = () => known ? { body: standing('waiting') } : { status: 404, body: standing('waiting') };
    const page = await open('called.ko');
    await until('the reload', () => page.left.length === 1);
    await page.goto(`${server.url}/called.ko.html`);
    page.left = [];
    known = true;
    const before = asked.length;
    await until('an answer', () => asked.length > before + 1);
    known = false;
    await until('trouble shown', () => page.locator('[data-waitroom="trouble"]').isVisible());
    assert.equal(page.left.length, 0);
    await later(page, 61000);
    await until('the second reload', () => page.left.length === 1);
    return page;
  },

  async 'sold out or closed for who has no ticket: the page shows it, asks on, and gets a place when there are any'() {
    for (const state of ['sold_out', 'closed']) {
      const none = { position: null, eta_seconds: null, ticket_number: null, message: `now ${state}` };
      answer = () => ({ status: 404, body: standing(state, none) });
      const page = await open(`${state}.ko`);
      const heading = await text(page, 'heading');
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await until('three calls', () => asked.length >= 3);
      await until('the message', async () => (await text(page, 'message')) === `now ${state}`);
      assert.equal(await text(page, 'heading'), heading);
      assert.ok(!(await page.locator('[data-waitroom="trouble"]').isVisible()), 'told of trouble');
      assert.equal(page.left.length, 0);
      answer = () => ({ status: 404, body: standing('waiting', none) });
      await until('leaving', () => page.left.length === 1);
      assert.equal(page.left[0].pathname + page.left[0].search, '/book/slots?day=2021-08-12&centre=3');
      assert.deepEqual(page.troubles, []);
    }
  },

  async 'who is to be verified, is not eligible, or goes on at another device gets the page for it, at most once a minute'() {
    for (const [state, status] of [['identify', 429], ['not_eligible', 403], ['other_device', 409]]) {
      answer = () => ({ status, body: standing(state) });
      const page = await open('called.ko');
      await until(`leaving for ${state}`, () => page.left.length === 1);
      assert.equal(page.left[0].pathname + page.left[0].search, '/book/slots?day=2021-08-12&centre=3');
      await page.goto(`${server.url}/called.ko.html`);
      page.left = [];
      const before = asked.length;
      await until('a further call', () => asked.length > before);
      await until('trouble shown', () => page.locator('[data-waitroom="trouble"]').isVisible());
      assert.equal(page.left.length, 0);
      await page.context().close();
    }
  },

  async 'without storage the page is asked for after a minute, and without cookies never'() {
    const forbid = () => Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('forbidden'); } });
    answer = () => ({ status: 404, body: standing('waiting') });
    const page = await open('called.ko', { init: forbid });
    await until('two calls', () => asked.length >= 2);
    assert.equal(page.left.length, 0);
    await later(page, 61000);
    await until('the reload', () => page.left.length === 1);
    const without = await open('called.ko', { init: () => Object.defineProperty(navigator, 'cookieEnabled', { get: () => false }) });
    await later(without, 61000);
    await until('two calls', () => asked.length >= 2);
    assert.equal(without.left.length, 0);
    return without;
  },

  async '429 waits as long as it says'() {
    const times = [];
    answer = () => { times.push(performance.now()); return { status: 429, headers: { 'Retry-After': '3' }, body: standing('waiting') }; };
    const page = await open('called.ko');
    await until('two calls', () => times.length === 2);
    assert.ok(times[1] - times[0] > 2900);
    assert.equal(await text(page, 'heading'), '순서를 기다리고 있습니다');
    return page;
  },

  async 'the language switch works in place, without a network, and is remembered'() {
    answer = () => 'silence';
    const page = await open('waiting.ko');
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'English' }).focus();
    await page.keyboard.press('Enter');
    assert.equal(await text(page, 'heading'), 'You are in line');
    assert.equal(await text(page, 'eta'), 'about 12–18 minutes');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await page.getByRole('button', { name: 'English' }).getAttribute('aria-pressed'), 'true');
    const cookies = await page.context().cookies();
    assert.deepEqual(cookies.map(c => [c.name, c.value, c.httpOnly, c.sameSite]), [['waitroom-language', 'en', false, 'Lax']]);
    return page;
  },

  async 'the page puts nothing into the window for a console to call'() {
    answer = () => 'silence';
    const page = await open('waiting.ko');
    const here = await page.evaluate(() => Object.keys(window));
    const blank = await page.context().newPage();
    await blank.goto(`${server.url}/waiting.ko.html?plain`);
    const usual = await blank.evaluate(() => Object.keys(window));
    assert.deepEqual(here.filter(key => !usual.includes(key)), []);
    return page;
  },

  async 'the countdown runs on the server\'s time, and reaching zero asks nobody'() {
    answer = () => 'silence';
    const page = await open('early.ko', { init: () => {
      const real = performance.now.bind(performance);
      const began = real();
      performance.now = () => began + (real() - began) * 600;
    } });
    await until('zero', async () => (await text(page, 'countdown')) === '00:00');
    assert.equal(asked.length, 0);
    return page;
  },

  async 'progress counts from the first position seen, over reloads, and starts anew with a new ticket'() {
    answer = () => ({ body: standing('waiting', { position: 617 }) });
    const page = await open('waiting.ko');
    const bar = page.getByRole('progressbar');
    assert.equal(await bar.getAttribute('aria-valuenow'), '0');
    await page.getByRole('link', { name: '지금 확인' }).click();
    await until('half', async () => (await bar.getAttribute('aria-valuenow')) === '50');
    answer = () => ({ body: standing('waiting', { position: 617, ticket_number: 99999 }) });
    await page.reload();
    await page.getByRole('link', { name: '지금 확인' }).click();
    await until('anew', async () => (await text(page, 'ticket_number')) === '99,999');
    assert.equal(await bar.getAttribute('aria-valuenow'), '0');
    return page;
  },

  async 'without script the other language is there, too, and the page reloads itself'() {
    answer = () => 'silence';
    const page = await open('waiting.ko', { javaScriptEnabled: false });
    await page.locator('summary', { hasText: 'English' }).click();
    assert.ok(await page.getByText('You are in line').isVisible());
    assert.equal(await page.locator('meta[http-equiv=refresh]').getAttribute('content'), '20');
    assert.equal(await page.getByRole('link', { name: '지금 확인' }).getAttribute('href'), '/book/slots?day=2021-08-12&centre=3');
    return page;
  },
};

await run(browser, tests, () => server.close());
