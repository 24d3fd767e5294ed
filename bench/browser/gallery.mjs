// node gallery.mjs DIR OUT [NAME…]: pictures of every page in DIR (or of those named) as PNG files in OUT: telephone, 320 px, desktop; light
// and dark; on the telephone also without script and with forced colours.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch, pages, serve } from './pages.mjs';

const [dir, out, ...only] = process.argv.slice(2);
if (!dir || !out) { console.error('usage: node gallery.mjs DIR OUT [NAME…]'); process.exit(2); }

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const small = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };
const desktop = { viewport: { width: 1280, height: 800 } };
const views = {
  'phone-light': { ...phone, colorScheme: 'light' },
  'phone-dark': { ...phone, colorScheme: 'dark' },
  'phone-noscript': { ...phone, colorScheme: 'light', javaScriptEnabled: false },
  'phone-forced': { ...phone, colorScheme: 'dark', forcedColors: 'active' },
  'small-light': { ...small, colorScheme: 'light' },
  'small-dark': { ...small, colorScheme: 'dark' },
  'desktop-light': { ...desktop, colorScheme: 'light' },
  'desktop-dark': { ...desktop, colorScheme: 'dark' },
};

await mkdir(out, { recursive: true });
const names = only.length ? only : await pages(dir);
const server = await serve(dir);
const browser = await launch();
try {
  for (const [label, view] of Object.entries(views)) {
    const context = await browser.newContext({ locale: 'ko-KR', reducedMotion: 'reduce', ...view });
    const page = await context.newPage();
    for (const name of names) {
      await page.goto(`${server.url}/${name}.html`);
      await page.screenshot({ path: join(out, `${name}.${label}.png`), fullPage: true });
    }
    await context.close();
  }
} finally {
  await browser.close();
  server.close();
}
console.log(`${names.length * Object.keys(views).length} pictures in ${out}`);
