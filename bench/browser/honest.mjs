// node honest.mjs ROUNDS GATEWAY OPERATORS TOKEN MOVE: an honest browser with a key goes through what happens to browsers, a round for
// each thing in turn, at a gateway whose passes rotate every two seconds; a POST to MOVE changes its address. Prints tries, how often
// it was asked for its key, and refusals for each; a refusal ends it with exit 1.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { home, inside, keyed, operated, until } from './room.mjs';

const [rounds, gateway, operators, token, move] = process.argv.slice(2);
const counts = {};
let context, page, version = 156, agent;

async function restart() {
  await context.close();
  context = await home(dir, { userAgent: agent.replace(/Chrome\/\d+/, `Chrome/${version}`) });
  page = context.pages()[0] || await context.newPage();
  await come(page);
}

// come loads the page; where that brings the one that proves the key, it is left alone.
async function come(tab) { note(await tab.goto(`${gateway}/book?n=${Date.now()}`)); }
function note(reply) { if (reply.status() === 403) counts[now].asked++; }

const happens = {
  reload: async () => { note(await page.reload()); },
  restart,
  'another address': async () => {
    await fetch(move, { method: 'POST' });
    await come(page);
  },
  'another version, after a restart': async () => { version++; await restart(); },
  'four tabs at once': async () => {
    const tabs = await Promise.all([1, 2, 3, 4].map(() => context.newPage()));
    await Promise.all(tabs.map(come));
    await Promise.all(tabs.map(there));
    await Promise.all(tabs.map(tab => tab.close()));
    await come(page);
  },
};
const there = tab => until('inside', async () => (await tab.locator('#inside').count()) === 1);

let now = '';
const dir = await mkdtemp(join(tmpdir(), 'waitroom-profile-'));
try {
  context = await home(dir);
  page = await context.newPage();
  await page.goto(gateway + '/book');
  agent = await page.evaluate(() => navigator.userAgent);
  await keyed(context);
  await operated(operators, token)('36000/h');
  await inside(page);
  const names = Object.keys(happens);
  for (let round = 0; round < +rounds; round++) {
    now = names[round % names.length];
    counts[now] ||= { tries: 0, asked: 0, refused: 0 };
    counts[now].tries++;
    await new Promise(done => setTimeout(done, 1000));
    await happens[now]();
    await there(page).catch(async () => {
      counts[now].refused++;
      console.log(`${now}, round ${round}: ${(await page.content()).slice(0, 500)}`);
      process.exitCode = 1;
    });
  }
  for (const [what, c] of Object.entries(counts)) console.log(`${what}: ${c.tries} tries, ${c.asked} asked for the key, ${c.refused} refused`);
} catch (error) {
  console.error(error.stack);
  process.exitCode = 1;
} finally {
  await context?.close();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  process.exit();
}
