/** The site in a browser: from a disk and from a server, by keyboard and on a phone, light and dark, with and without scripts. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { buildSite } from '../../scripts/docs/build.ts';
import { pagesOf } from '../../scripts/docs/pages.ts';
import { noBrowser, type Visitor, visitor } from '../real/browser.ts';
import { root } from '../real/stage.ts';

const skip = noBrowser;
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

describe('the site in a browser', () => {
  const site = mkdtempSync(join(tmpdir(), 'reeve-site-'));
  const disk = `${pathToFileURL(site).href}/`;
  const asked: string[] = [];
  let server: Server;
  let served: string;
  let reader: Visitor;
  before(async () => {
    if (skip !== false) return;
    await buildSite(root, site);
    server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url!, 'http://x').pathname));
      try {
        const text = readFileSync(join(site, path));
        response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
        response.end(text);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    served = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    reader = await visitor({ width: 1_300 });
    reader.page.on('request', (request) => asked.push(request.url()));
  });
  after(async () => {
    await reader?.[Symbol.asyncDispose]();
    server?.closeAllConnections();
    server?.close();
    rmSync(site, { recursive: true, force: true });
  });

  const back = (page: Page) =>
    page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;

  for (const [name, base] of [
    ['from a disk', () => disk],
    ['from a server', () => served],
  ] as const) {
    test(`${name}: a search leads to the passage that it found`, { skip }, async () => {
      const { page } = reader;
      await page.goto(`${base()}decisions/index.html`);
      await page.keyboard.press('/');
      await page.keyboard.type('who answers what proof');
      const hits = page.getByRole('option');
      await hits.first().waitFor();
      assert.equal(await page.locator('#query').getAttribute('aria-expanded'), 'true');
      await page.locator('#query').fill('What expires, and what stays');
      await page.locator('#hit-0', { hasText: 'What expires, and what stays' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${base()}audit.html#what-expires-and-what-stays`);
      const heading = page.getByRole('heading', { name: 'What expires, and what stays' });
      await heading.waitFor();
      assert.ok((await heading.boundingBox())!.y < 300);
    });

    test(`${name}: dark and light are chosen, and stay chosen on the next page`, {
      skip,
    }, async () => {
      const { page } = reader;
      await page.goto(`${base()}index.html`);
      const light = await back(page);
      await page.getByRole('button', { name: 'Show it dark' }).click();
      const dark = await back(page);
      assert.notEqual(dark, light);
      await page.getByRole('link', { name: 'Approvals', exact: true }).first().click();
      await page.waitForURL(`${base()}approvals.html`);
      assert.equal(await back(page), dark);
      await page.getByRole('button', { name: 'Show it light' }).click();
      assert.equal(await back(page), light);
    });
  }

  test('a session is copied without its prompts', { skip }, async () => {
    const { page, context } = reader;
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${served}index.html`);
    const block = page.locator('.code[data-copy]').first();
    await block.hover();
    await block.getByRole('button', { name: 'Copy' }).click();
    await block.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = (await page.evaluate('navigator.clipboard.readText()')) as string;
    assert.match(copied, /^export PATH=/);
    assert.doesNotMatch(copied, /^\$ /m);
  });

  test('a heading is linked to, and the contents tell where one is', { skip }, async () => {
    const { page } = reader;
    await page.goto(`${disk}rest.html#errors`);
    await page.locator('.contents a[aria-current="location"]').waitFor();
    await page.locator('#asking-for-a-run').hover();
    await page.locator('#asking-for-a-run .anchor').click();
    await page.waitForURL(`${disk}rest.html#asking-for-a-run`);
    await page
      .locator('.contents a[aria-current="location"]', { hasText: 'Asking for a run' })
      .waitFor();
  });

  test('no page is wider than a phone, and the menu opens and closes there', { skip }, async () => {
    await using phone = await visitor({ width: 360, colorScheme: 'dark' });
    const { page } = phone;
    const menu = pagesOf(root);
    for (const { address } of menu.values()) {
      await page.goto(`${served}${address}`);
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      assert.ok((wide as number) <= 0, `${address} is ${wide} pixels too wide`);
    }
    await page.goto(`${disk}index.html`);
    const link = page.locator('#menu').getByRole('link', { name: 'Policy', exact: true });
    assert.equal(await link.isVisible(), false);
    await page.getByRole('button', { name: 'Pages' }).click();
    await link.waitFor();
    await page.keyboard.press('Escape');
    await link.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Pages' }).click();
    await link.click();
    await page.waitForURL(`${disk}policy.html`);
    assert.deepEqual(phone.problems, []);
  });

  test('without scripts it is all read; what needs them is not shown', { skip }, async () => {
    const browser = reader.context.browser();
    const bare = await (browser ?? assert.fail('no browser')).newContext({
      javaScriptEnabled: false,
    });
    const page = await bare.newPage();
    await page.goto(`${disk}approvals.html`);
    assert.equal(await page.locator('#query').isVisible(), false);
    assert.equal(await page.locator('.theme-button').isVisible(), false);
    assert.equal(await page.locator('#menu').isVisible(), true);
    await page.getByRole('link', { name: /^Next/ }).click();
    assert.equal(await page.getByRole('heading', { level: 1 }).isVisible(), true);
    await bare.close();
  });

  test('the keyboard reaches the text first, past the menu', { skip }, async () => {
    const { page } = reader;
    await page.goto(`${disk}policy.html`);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.className'), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'content');
  });

  test('words stand out from what is behind them, in light and dark', { skip }, async () => {
    const { page } = reader;
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const address of ['api.html', 'policy.html', 'docs.html']) {
        await page.goto(`${served}${address}`);
        await page.evaluate('localStorage.clear(); delete document.documentElement.dataset.theme');
        const faint = (await page.evaluate(contrasts)) as readonly string[];
        assert.deepEqual(faint, [], `${scheme} ${address}`);
      }
    }
    await page.emulateMedia({ colorScheme: null });
  });

  test('all of that asked nobody else for anything, and broke no rule of the page', {
    skip,
  }, () => {
    assert.ok(asked.length > 20);
    for (const url of asked)
      assert.ok(url.startsWith(disk) || url.startsWith(served), `it asked ${url}`);
    assert.deepEqual(reader.problems, []);
  });
});

/** Kinds of text whose contrast is below 4.5 to 1 (WCAG 2.2, AA), each with an example. Runs in the page. */
const contrasts = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour, under) => {
    canvas.globalCompositeOperation = 'source-over';
    canvas.fillStyle = under ?? '#fff'; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (let n = e; n; n = n.parentElement) { const c = getComputedStyle(n).backgroundColor; if (!/, 0\\)$|transparent|\\/ 0\\)$/.test(c)) return c; } return '#fff'; };
  const faint = new Map(); const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let t = walker.nextNode(); t; t = walker.nextNode()) {
    const e = t.parentElement;
    if (!t.data.trim() || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || e.closest('.top, svg')) continue;
    const [ink, paper] = [getComputedStyle(e).color, behind(e)];
    if (seen.has(ink + paper)) continue;
    seen.add(ink + paper);
    const [a, b] = [light(rgb(ink, paper)), light(rgb(paper))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.set(ink + ' on ' + paper, ink + ' on ' + paper + ': ' + ratio.toFixed(2) + ' "' + t.data.trim().slice(0, 30) + '" ' + e.className);
  }
  return [...faint.values()];
})()`;
