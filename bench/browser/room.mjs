// What tests of the device's key share: a room that lets people in when it is told to, and browsers with a profile on disk.
import { chromium } from 'playwright-core';
import { executable } from './pages.mjs';

export async function until(what, ask, limit = 20000) {
  for (const end = Date.now() + limit; ;) {
    const value = await ask().catch(() => null);
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${limit} ms`);
    await new Promise(done => setTimeout(done, 50));
  }
}

// operated sets the room's rate, as an operator does.
export const operated = (operators, token) => async text => {
  const reply = await fetch(operators + '/api/rooms/booking', {
    method: 'PATCH', headers: { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' }, body: JSON.stringify({ rate: text }),
  });
  if (!reply.ok) throw new Error(`the rate was not set: ${reply.status} ${await reply.text()}`);
};

export const device = async context => (await context.cookies()).find(c => c.name === 'waitroom-device')?.value || '';
export const keyed = context => until('the key is registered', async () => /^[\w-]{22}\.[\w-]{43}\.[\w-]{22}$/.test(await device(context)));
export const inside = page => until('the visitor is inside', async () => (await page.locator('[data-waitroom=page]').count()) === 0 && page.url().endsWith('/book'));
// home is a browser with a profile on disk.
export const home = (dir, options) => chromium.launchPersistentContext(dir, {
  ...options, executablePath: executable, args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});

