// node choice.mjs DIR: how the pages around identity behave in a real browser, against a server that says what the test wants.
// DIR holds the rendered pages. Exit 1 if anything is not as it should be.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { launch, run, serve, watched } from './pages.mjs';

const dir = process.argv[2];
if (!dir) { console.error('usage: node choice.mjs DIR'); process.exit(2); }

const wanted = '/book/slots?day=2021-08-12&centre=3';
const rendered = Date.parse('2021-08-12T11:04:10Z');
const policy = (await readFile(join(dir, 'policy.txt'), 'utf8')).trim();

// A provider that sends people on to where they log in, on another host.
const account = createServer((request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>account</title>'));
await new Promise(done => account.listen(0, '127.0.0.1', done));
const provider = createServer((request, response) => response.writeHead(302, { Location: `http://localhost:${account.address().port}/` }).end());
await new Promise(done => provider.listen(0, '127.0.0.1', done));

let posted = [];
let asked = 0;
let lights = [];
const server = await serve(dir, async (request, response) => {
  if (request.url.endsWith('/callback?code=1&state=2')) {
    const page = await readFile(join(dir, 'held.ko.html'));
    return response.writeHead(409, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy }).end(page);
  }
  if (request.method === 'GET') {
    asked++;
    const body = { room: 'booking', state: 'identify', providers: lights, server_time: '2021-08-12T11:05:00.000000Z', next_poll_ms: 5000 };
    return response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }
  let body = '';
  for await (const part of request) body += part;
  posted.push([request.url, Object.fromEntries(new URLSearchParams(body))]);
  response.writeHead(303, { Location: `http://127.0.0.1:${provider.address().port}/` }).end();
});

const browser = await launch();
async function open(name, { past = 0, http, ...options } = {}) {
  posted = [];
  asked = 0;
  const context = await browser.newContext({ locale: 'ko-KR', ...options });
  const page = await watched(context);
  // Providers are reached by http here, as in a demo.
  if (http) {
    await page.route('**/*.html', async route => {
      const answer = await route.fetch();
      const loose = answer.headers()['content-security-policy'].replace("form-action 'self' https:", '$& http:');
      await route.fulfill({ response: answer, headers: { ...answer.headers(), 'content-security-policy': loose } });
    });
  }
  if (past) await page.route('**/*.html', async route => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(/data-now="\d+"/, `data-now="${rendered + past}"`) });
  });
  await page.goto(name.startsWith('/') ? server.url + name : `${server.url}/${name}.html`);
  page.left = [];
  return page;
}

async function until(what, condition, limit = 30000) {
  const end = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limit} ms for: ${what}`);
    await new Promise(next => setTimeout(next, 25));
  }
}

const names = page => page.locator('.provider:visible').evaluateAll(all => all.map(one => one.innerText.replace(/\s+/g, ' ').trim()));
const said = page => page.locator('[role=status]').textContent();
// look makes the page ask for the lights, as it does when somebody comes back to it after a while.
const look = async (page, first) => {
  if (first) await page.evaluate(() => { const now = performance.now; performance.now = () => now.call(performance) + 3600000; });
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
};

const tests = {
  async 'without script a button sends the address asked for and the code to its own provider, and Enter sends nothing'() {
    const page = await open('invited.ko', { javaScriptEnabled: false, http: true });
    await page.getByLabel('초대 코드').fill('AB<&"12');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '카카오' }).click();
    await until('the account page', async () => (await page.title()) === 'account');
    assert.deepEqual(posted, [['/.waitroom/booking/login/kakao', { return: wanted, invite: 'AB<&"12' }]]);
    return page;
  },

  async 'the policy lets a provider send people on to an https address, and to no http one unless that is wanted'() {
    const page = await open('identify.ko');
    await page.getByRole('button', { name: '네이버' }).click();
    await until('the refusal', () => page.troubles.length > 0);
    assert.match(page.troubles[0], /form-action/);
    assert.match(policy, /form-action 'self' https:;/);
    page.troubles = [];
    return page;
  },

  async 'lights change in both languages where they are, are spoken once, and leave the focus alone'() {
    const page = await open('identify.ko');
    assert.deepEqual(await names(page), ['네이버 원활', '카카오 지연', 'PASS (통신사) 혼잡', '금융인증서 점검 중', '토스 응답 없음']);
    await page.getByRole('button', { name: '카카오' }).focus();
    lights = [['toss', 'smooth'], ['kakao', 'congested'], ['naver', 'down'], ['pass', 'congested'], ['bank', 'smooth']].map(([name, light]) => ({ name, light }));
    await look(page, true);
    await until('the change', async () => (await said(page)) !== '');
    assert.deepEqual(await names(page), ['네이버 응답 없음', '카카오 혼잡', 'PASS (통신사) 혼잡', '금융인증서 원활', '토스 원활']);
    assert.equal(await said(page), '토스 원활, 카카오 혼잡, 네이버 응답 없음, 금융인증서 원활');
    assert.equal(await page.evaluate(() => document.activeElement.dataset.provider), 'kakao');
    assert.equal(await page.locator('.stamp:visible b').textContent(), '20:05:00');
    assert.ok(await page.getByRole('button', { name: '금융인증서' }).isEnabled());
    await page.getByRole('button', { name: 'English' }).click();
    assert.deepEqual((await names(page)).sort(), ['Bank certificate smooth', 'Kakao congested', 'Naver not answering', 'PASS (mobile phone) congested', 'Toss smooth']);
    return page;
  },

  async 'a provider that stops answering does not stay the first choice'() {
    const page = await open('identify.ko');
    lights = [['kakao', 'smooth'], ['pass', 'delayed'], ['naver', 'down'], ['toss', 'down'], ['bank', 'paused']].map(([name, light]) => ({ name, light }));
    await look(page, true);
    await until('the new order', async () => (await names(page))[0] === '카카오 원활');
    assert.deepEqual(await names(page), ['카카오 원활', 'PASS (통신사) 지연', '네이버 응답 없음', '토스 응답 없음', '금융인증서 점검 중']);
    assert.ok(await page.getByRole('button', { name: '금융인증서' }).isDisabled());
    return page;
  },

  async 'lights that do not come stay as they were'() {
    const page = await open('identify.ko');
    await page.route('**/login', route => route.fulfill({ status: 503, body: '{"providers":[{"name":"naver","light":"down"}]}' }));
    await look(page, true);
    await page.waitForResponse('**/login');
    assert.equal((await names(page))[0], '네이버 원활');
    await page.unroute('**/login');
    await page.route('**/login', route => route.fulfill({ status: 200, body: '{"providers":[{"name":"naver","light":"<b>"},{"name":"?","light":"down"}]}' }));
    await page.evaluate(() => { const now = performance.now; performance.now = () => now.call(performance) + 3600000; });
    await look(page);
    await until('no light', async () => (await names(page))[0] === '네이버');
    return page;
  },

  async 'one press begins one verification, however often it is pressed'() {
    const page = await open('identify.ko');
    let begun = 0;
    await page.route('**/login/*', route => { begun++; return route.fulfill({ status: 204 }); });
    await page.getByRole('button', { name: '네이버' }).dblclick();
    await until('the post', () => begun > 0);
    await page.getByRole('button', { name: '카카오' }).click();
    assert.equal(begun, 1);
    assert.equal(await said(page), '확인 기관으로 이동하고 있습니다.');
    return page;
  },

  async 'a countdown goes on without being spoken; at its end the button is there, and the page goes on'() {
    const page = await open('held.ko', { past: 467000 });
    assert.ok(!(await page.locator('a.button').first().isVisible()), 'the button is there too early');
    const first = await page.getByRole('timer').textContent();
    assert.match(first, /^00:0[0-3]$/);
    assert.equal(await said(page), '');
    await until('the button', () => page.getByRole('link', { name: '본인 확인 다시 하기' }).isVisible());
    assert.ok(!(await page.getByRole('timer').isVisible()));
    assert.match(await said(page), /^지금 이 기기에서/);
    await until('going on', () => page.left.length > 0, 15000);
    assert.equal(page.left[0].pathname + page.left[0].search, wanted);
    return page;
  },

  async 'without script a page that waits says until when, and leads on by itself and by hand'() {
    const page = await open('held.ko', { javaScriptEnabled: false });
    assert.equal(await page.locator('.card time').first().getAttribute('datetime'), '2021-08-12T20:12:00+09:00');
    assert.match(await page.locator('meta[http-equiv=refresh]').getAttribute('content'), /^4[78]\d;url=\/book\/slots\?day=2021-08-12&centre=3$/);
    assert.equal(await page.getByRole('link', { name: '지금 확인' }).getAttribute('href'), wanted);
    await page.locator('summary', { hasText: 'English' }).click();
    assert.ok(await page.getByText('You have verified on another device').isVisible());
    return page;
  },

  async 'the address of a used answer does not stay, so that a reload begins anew'() {
    const page = await open('/.waitroom/login/kakao/callback?code=1&state=2');
    await until('the address', () => page.url() === server.url + wanted);
    assert.equal(page.left.length, 0);
    assert.ok(await page.getByText('다른 기기에서 이미 확인하셨습니다').isVisible());
    return page;
  },

  async 'the language switch works in place, without a network, and is remembered'() {
    const page = await open('not_your_day.ko');
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'English' }).click();
    assert.ok(await page.getByRole('heading', { name: 'It is not your turn to apply now' }).isVisible());
    assert.equal(await page.title(), 'It is not your turn to apply now – Waiting room');
    assert.equal(await page.evaluate(() => document.documentElement.lang + document.cookie), 'enwaitroom-language=en');
    assert.equal(await page.getByRole('link', { name: 'Save to calendar (.ics)' }).getAttribute('href'), '/.waitroom/booking/window.ics');
    assert.equal(await page.locator('h1:visible').count(), 1);
    return page;
  },

  async 'everything to press is 44 pixels high, and the keyboard meets it from top to bottom'() {
    const page = await open('invited.ko', { viewport: { width: 320, height: 640 } });
    let last = -1;
    for (let i = 0; i < 6; i++) {
      await page.keyboard.press('Tab');
      const box = await page.evaluate(() => {
        const { top, height } = document.activeElement.getBoundingClientRect();
        return { top: top + scrollY, height, tag: document.activeElement.tagName };
      });
      assert.ok(box.tag !== 'BODY' && box.height >= 44 && box.top >= last, JSON.stringify(box));
      last = box.top;
    }
    return page;
  },
};

await run(browser, tests, () => {
  for (const one of [account, provider]) { one.closeAllConnections(); one.close(); }
  server.close();
});
