// What all looks at pages share: Debian's Chromium, and a server for a folder of rendered pages.
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
