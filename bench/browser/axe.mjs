// node axe.mjs DIR [NAME…]: runs axe (WCAG 2.0 to 2.2, A and AA) on every page in DIR (or on those named), on a small telephone and a desktop, light
// and dark, with and without script. Exit 1 on any finding, on any error in the page, and on sideways scrolling. The dark page is the light one in
// other colours: it is asked what depends on them.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { launch, pages, serve } from './pages.mjs';

const [dir, ...only] = process.argv.slice(2);
if (!dir) { console.error('usage: node axe.mjs DIR [NAME…]'); process.exit(2); }
const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function look(browser, url, names, { label, plain, ...view }) {
  const asked = view.colorScheme === 'dark' ? { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } : { type: 'tag', values: tags };
  // bypassCSP is for axe itself; that pages obey their policy is checked in page.mjs.
  const context = await browser.newContext({ bypassCSP: true, locale: 'ko-KR', ...view });
  const page = await context.newPage();
  let found = 0;
  const tell = (name, what) => { found++; console.log(`${name} [${label}]: ${what}`); };
  for (const name of names) {
    const errors = [];
    const hear = error => errors.push(error.message);
    page.on('pageerror', hear);
    await page.goto(`${url}/${name}.html${plain ? '?plain' : ''}`);
    await page.evaluate(source);
    const result = await page.evaluate(options => window.axe.run(document, options), {
      runOnly: asked,
      // Without script the reload is what keeps the place: an essential exception to 2.2.1, with a button beside it.
      rules: plain && asked.type === 'tag' ? { 'meta-refresh': { enabled: false } } : {},
    });
    for (const v of result.violations) tell(name, `${v.id}: ${v.help}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) tell(name, `scrolls sideways by ${wide} px`);
    for (const message of errors) tell(name, message);
    page.off('pageerror', hear);
  }
  await context.close();
  return found;
}

const names = only.length ? only : await pages(dir);
const server = await serve(dir);
const browser = await launch();
let found = 0;
try {
  for (const colorScheme of ['light', 'dark']) {
    for (const plain of [false, true]) {
      for (const width of [320, 1280]) {
        const label = `${width} px, ${colorScheme}, ${plain ? 'without' : 'with'} script`;
        found += await look(browser, server.url, names,
          { label, plain, colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });
      }
    }
  }
} finally {
  await browser.close();
  server.close();
}
console.log(`${names.length} pages, 8 views each: ${found} findings`);
process.exit(found ? 1 : 0);
