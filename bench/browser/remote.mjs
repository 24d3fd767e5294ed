// node remote.mjs: a real browser for a program on the other side of standard input and output. Each line in is a JSON
// object {id, do, tab, …}, each line out {id, value} or {id, error}; the first line out says that the browser is there.
import { createInterface } from 'node:readline';
import { launch } from './pages.mjs';

const browser = await launch();
const tabs = new Map();
const watched = new WeakMap();
const say = line => process.stdout.write(JSON.stringify(line) + '\n');

async function open({ tab, beside, options, init }) {
  const context = beside ? tabs.get(beside).context() : await browser.newContext({ locale: 'ko-KR', ...options });
  if (init) await context.addInitScript(init);
  const page = await context.newPage();
  page.setDefaultTimeout(45000);
  tabs.set(tab, page);
}

const acts = {
  // A navigation may fail, as without a network; that is an answer, too.
  async goto(page, { url }) {
    try {
      const answer = await page.goto(url, { waitUntil: 'domcontentloaded' });
      return { status: answer ? answer.status() : 0 };
    } catch (error) { return { failed: error.message }; }
  },
  async reload(page) {
    try {
      const answer = await page.reload({ waitUntil: 'domcontentloaded' });
      return { status: answer ? answer.status() : 0 };
    } catch (error) { return { failed: error.message }; }
  },
  async back(page) {
    try {
      const answer = await page.goBack({ waitUntil: 'domcontentloaded' });
      return { status: answer ? answer.status() : 0 };
    } catch (error) { return { failed: error.message }; }
  },
  run: (page, { code }) => page.evaluate(code),
  content: page => page.content(),
  url: page => page.url(),
  cookies: page => page.context().cookies(),
  give: (page, { cookies }) => page.context().addCookies(cookies),
  offline: (page, { value }) => page.context().setOffline(value),
  send: (page, { fields }) => page.context().setExtraHTTPHeaders(fields || {}),
  forget: (page, { name }) => page.context().clearCookies(name ? { name } : {}),
  // What becomes of the sessions that are bound to a key of the browser's, from now on.
  async watch(page) {
    const cdp = await page.context().newCDPSession(page);
    const seen = [];
    watched.set(page, seen);
    cdp.on('Network.deviceBoundSessionEventOccurred', event => seen.push(event));
    await cdp.send('Network.enable');
    await cdp.send('Network.enableDeviceBoundSessions', { enable: true });
  },
  sessions: page => watched.get(page),
  frames: page => page.frames().map(frame => frame.url()),
  stall: (page, { pattern }) => page.context().route(pattern, () => {}),
  block: (page, { pattern }) => page.context().route(pattern, route => route.abort('connectionfailed').catch(() => {})),
  // Every answer to a call is replaced, and the calls themselves never leave the browser.
  async forge(page, { pattern, status, body }) {
    await page.context().route(pattern, route => route.fulfill({ status, contentType: 'application/json', body }));
  },
  // The same, and the gateway does get the calls.
  async rewrite(page, { pattern, values }) {
    await page.context().route(pattern, async route => {
      try {
        const answer = await route.fetch();
        let body = await answer.text();
        try { body = JSON.stringify({ ...JSON.parse(body), ...values }); } catch { /* a page stays as it is */ }
        await route.fulfill({ status: 200, headers: answer.headers(), body });
      } catch { await route.abort().catch(() => {}); }
    });
  },
  unroute: page => page.context().unrouteAll({ behavior: 'ignoreErrors' }),
  async close(page, { tab }) {
    tabs.delete(tab);
    await page.context().close();
  },
};

async function answer({ id, do: act, ...rest }) {
  try {
    const value = act === 'open' ? await open(rest) : await acts[act](tabs.get(rest.tab), rest);
    say({ id, value: value === undefined ? null : value });
  } catch (error) { say({ id, error: String(error.message || error) }); }
}

say({ id: 0, value: browser.version() });
const lines = createInterface({ input: process.stdin });
lines.on('line', line => answer(JSON.parse(line)));
lines.on('close', async () => {
  await browser.close();
  process.exit(0);
});
