// What all looks at pages share: Debian's Chromium, a server for a folder of rendered pages, and a run of tests.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const executable = process.env.CHROMIUM || '/usr/bin/chromium';

export function launch() {
  return chromium.launch({
    executablePath: executable,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ...(process.env.CHROMIUM_ARGS || '').split(' ').filter(Boolean)],
  });
}

// pages lists the rendered pages of a folder, without their ending.
export async function pages(dir) {
  const names = (await readdir(dir)).filter(name => name.endsWith('.html')).map(name => name.slice(0, -5)).sort();
  if (!names.length) throw new Error(`no pages in ${dir}: write them with go test ./proxy/waiting/page -run Gallery -gallery DIR`);
  return names;
}

// serve answers /NAME.html with that page and with the policy beside it, and hands calls under /.waitroom/ to api, which
// by default never answers. Any other address is 204, so that a page that leaves stays on the screen.
export async function serve(dir, api = () => {}) {
  const policy = (await readFile(join(dir, 'policy.txt'), 'utf8')).trim();
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    if (pathname.startsWith('/.waitroom/')) return api(request, response);
    if (!/^\/[\w.]+\.html$/.test(pathname)) return response.writeHead(204).end();
    let body = await readFile(join(dir, pathname), 'utf8');
    if (search === '?plain') body = body.replace(/<script[^]*?<\/script>/g, '').replace(/<\/?noscript>/g, '');
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy, 'Cache-Control': 'no-store',
    }).end(body);
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => { server.closeAllConnections(); server.close(); },
  };
}

// watched is a new page that notes its errors and breaches of its policy in troubles, and where it goes in left.
export async function watched(context) {
  const page = await context.newPage();
  page.troubles = [];
  page.left = [];
  page.on('pageerror', error => page.troubles.push(error.message));
  page.on('console', line => { if (line.text().includes('Content Security Policy')) page.troubles.push(line.text()); });
  page.on('request', request => { if (request.isNavigationRequest()) page.left.push(new URL(request.url())); });
  return page;
}

// run plays the tests whose names have the script's second argument in them, or all, and ends the process: with 1 if any
// failed. A test gives its page, if that must have had no troubles.
export async function run(browser, tests, close) {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (process.argv[3] && !name.includes(process.argv[3])) continue;
    const began = performance.now();
    try {
      const page = await test();
      if (page) assert.deepEqual(page.troubles, []);
      console.log(`ok    ${name} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAIL  ${name}\n${error.stack}`);
    }
    for (const context of browser.contexts()) await context.close();
  }
  await browser.close();
  close();
  process.exit(failed ? 1 : 0);
}
