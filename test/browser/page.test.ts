/**
 * What people see: everything, exactly, by keyboard and on a phone; and what an outsider sees: where to sign in. In a real
 * browser, against the real gateway.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { noBrowser, type Visitor } from '../real/browser.ts';
import { Ground } from './ground.ts';
import * as steps from './steps.ts';

const skip = noBrowser;
let ground: Ground;
let agent: string;
let alice: Visitor;
let erin: Visitor;
before(async () => {
  if (skip !== false) return;
  ground = await Ground.open();
  agent = await ground.agent('carol');
  [alice, erin] = await Promise.all([
    ground.enrolled('alice'),
    ground.enrolled('erin', { colorScheme: 'dark', width: 360 }),
  ]);
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
});

/** Opens a request and waits until it is there. */
async function open(page: Page, id: string): Promise<void> {
  await page.goto(ground.address(`approve/${id}`));
  await page.getByRole('heading', { name: 'Who asks' }).waitFor();
}

test('an outsider sees the same page for what there is and what there is not', {
  skip,
}, async () => {
  const id = await ground.waiting(agent, 'rotate-keys', { key: 'secret-name' });
  const nobody = await ground.visitor();
  const seen: string[] = [];
  const raw: string[] = [];
  for (const path of [id, 'req_00000000000000000000000000000000', '..%2f..%2fetc']) {
    await nobody.page.goto(ground.address(`approve/${path}`));
    await nobody.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    seen.push(await nobody.page.locator('#page').innerHTML());
    const response = await fetch(ground.address(`approve/${path}`));
    const { date, ...headers } = Object.fromEntries(response.headers);
    raw.push(JSON.stringify([response.status, headers, await response.text()]));
  }
  assert.equal(new Set(seen).size, 1);
  assert.equal(new Set(raw).size, 1);
  assert.doesNotMatch(seen[0]! + raw[0]!, /secret-name|rotate|carol/);
  assert.deepEqual(nobody.problems, []);
});

test('the document takes scripts and styles of its own address alone', { skip }, async () => {
  const response = await fetch(ground.address('approve'));
  const policy = response.headers.get('content-security-policy')!;
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ])
    assert.ok(policy.split('; ').includes(rule), rule);
  const html = await response.text();
  assert.doesNotMatch(html, /<script(?![^>]* src=)|style=|onload=|https?:/);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal((await fetch(ground.address('page/..%2fpackage.json'))).status, 404);
  assert.equal((await fetch(ground.address('page/package.json'))).status, 404);
});

test('a very long argument stands there whole, with its length, on a phone too', {
  skip,
}, async () => {
  const long = `inside/${'abcdefghi-'.repeat(399)}end`;
  const id = await ground.waiting(agent, 'wipe', { path: long });
  const { page } = erin;
  await open(page, id);
  const argument = page.locator('.argv li').nth(2);
  assert.equal(await argument.locator('.exact').innerText(), long);
  assert.match(await argument.innerText(), /4,000 characters/);
  const facts = await argument.locator('.exact').evaluate((element) => {
    const e = element as unknown as Record<string, number>;
    const { overflow } = (
      globalThis as unknown as { getComputedStyle(e: unknown): { overflow: string } }
    ).getComputedStyle(element);
    return {
      overflow,
      whole: e.scrollHeight! <= e.clientHeight! + 1 && e.scrollWidth! <= e.clientWidth! + 1,
    };
  });
  assert.deepEqual(facts, { overflow: 'visible', whole: true });
  const sideways = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
  assert.equal(sideways, false);
});

test('what cannot be seen is written out, what only looks like ASCII is marked, blanks are shown', {
  skip,
}, async () => {
  // The first letter is Cyrillic; between the words is no space but U+00A0, then two spaces.
  const odd = 'аdmin\u00a0x  y e\u0301';
  const id = await ground.waiting(agent, 'wipe', { path: odd });
  const { page } = erin;
  await open(page, id);
  const argument = page.locator('.argv li').nth(2).locator('.exact');
  assert.equal(await argument.innerText(), 'аdmin\\u{a0}x  y e\\u{301}');
  assert.deepEqual(await argument.locator('mark.foreign').allInnerTexts(), ['а']);
  assert.equal(await argument.locator('.space').count(), 2);
  await page.getByText('а is U+0430 (Cyrillic)').waitFor();
  await page.getByText('U+00A0, U+0301').waitFor();
  assert.deepEqual(
    await argument.evaluate((element) => {
      const { unicodeBidi, direction } = (
        globalThis as unknown as {
          getComputedStyle(e: unknown): { unicodeBidi: string; direction: string };
        }
      ).getComputedStyle(element);
      return [unicodeBidi, direction];
    }),
    ['isolate', 'ltr'],
  );
});

test('a client’s own word is text, told to be its own word, whatever it holds', {
  skip,
}, async () => {
  const headers = { 'reeve-client': '<img src=x onerror=alert(1)>' };
  const body = { command: 'wipe', arguments: { path: '<script>alert(2)</script>' } };
  const asked = await ground.ask('POST', '/v1/commands/execute', body, agent, headers);
  const { requestId } = asked.body.result as { requestId: string };
  await open(erin.page, requestId);
  const who = await erin.page.locator('#who').innerText();
  assert.match(who, /calls itself <img src=x onerror=alert\(1\)> \(its own word, not checked\)/);
  assert.match(await erin.page.locator('.argv').innerText(), /<script>alert\(2\)<\/script>/);
  assert.deepEqual(erin.problems, []);
});

test('everything that was decided on is on the page, and unbound inputs are in red', {
  skip,
}, async () => {
  const bound = await ground.waiting(agent, 'rotate-keys', { key: 'all' });
  const { dossier, digest } = (await ground.ask('GET', `/v1/approvals/${bound}`)).body as {
    dossier: Record<string, unknown>;
    digest: string;
  };
  await open(alice.page, bound);
  const text = await alice.page.locator('main').innerText();
  for (const value of [...strings(dossier), digest, 'critical risk', 'deploy-agent', 'carol'])
    assert.ok(text.includes(value), `${value} is not on the page`);
  assert.doesNotMatch(text, /unbound/);

  const unbound = await ground.waiting(agent, 'wipe', { path: 'inside' });
  await open(erin.page, unbound);
  const alarms = await erin.page.locator('.notice.alarm').allInnerTexts();
  assert.ok(alarms.some((alarm) => alarm.includes('Inputs are unbound')));
  assert.match(
    await erin.page.locator('#command').innerText(),
    /host: it reaches what the host reaches/,
  );
});

/** Texts in a value, but for the words that say how something is given. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, of]) =>
    name === 'enforced' || name === 'risk' ? [] : strings(of),
  );
}

test('after a run that was approved, the next request shows what differs', { skip }, async () => {
  const first = await ground.waiting(agent, 'wipe', { path: 'inside' });
  await open(erin.page, first);
  await steps.approve(erin.page);
  assert.equal((await ground.execution(first, 30)).status, 'ok');
  const next = await ground.waiting(agent, 'wipe', { path: 'elsewhere' });
  await open(erin.page, next);
  const rows = await erin.page.locator('#differences tbody tr').allInnerTexts();
  assert.ok(
    rows.some((row) => row.includes('inside') && row.includes('elsewhere')),
    rows.join('\n'),
  );
});

test('the list holds what I may answer, and a request is answered by keyboard alone', {
  skip,
}, async () => {
  const id = await ground.waiting(agent, 'rotate-keys', { key: 'keyboard' });
  const { page } = alice;
  await page.goto(ground.address('approve'));
  const card = page.locator(`a[href$="${id}"]`);
  await card.waitFor();
  await card.focus();
  await page.keyboard.press('Enter');
  const button = page.getByRole('button', { name: 'Approve with passkey' });
  await button.waitFor();
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await page.evaluate('document.activeElement.id')) === 'approve') break;
    await page.keyboard.press('Tab');
  }
  const outline = await button.evaluate((element) => {
    const { outlineStyle } = (
      globalThis as unknown as { getComputedStyle(e: unknown): { outlineStyle: string } }
    ).getComputedStyle(element);
    return outlineStyle;
  });
  assert.equal(outline, 'solid');
  await page.keyboard.press('Enter');
  await page.getByText('Now it waits for cto').waitFor();
  assert.deepEqual(alice.problems, []);
});

test('letters stand out from what is behind them, in light and in dark', { skip }, async () => {
  const id = await ground.waiting(agent, 'wipe', { path: 'ünïcode' });
  for (const scheme of ['light', 'dark'] as const) {
    await erin.page.emulateMedia({ colorScheme: scheme });
    await open(erin.page, id);
    const weak = await erin.page.evaluate(contrasts);
    assert.deepEqual(weak, [], scheme);
  }
});

/** What has less than 4.5 to 1 (WCAG AA), as text of its element. Runs in the browser. */
const contrasts = `(() => {
  const parts = (colour) => {
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r, g, b].map((c, i) => (c * a + [R, G, B][i] * (255 - a)) / 255);
  const behind = (element) => {
    if (element === null) return parts(getComputedStyle(document.body).backgroundColor);
    return over(parts(getComputedStyle(element).backgroundColor), behind(element.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll('#page *')]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== '') && !e.disabled)
    .filter((e) => {
      const back = behind(e);
      const [a, b] = [light(over(parts(getComputedStyle(e).color), back)), light(back)].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05) < 4.5;
    })
    .map((e) => e.className + ': ' + e.textContent.slice(0, 40));
})()`;

test('without scripts the page says that it needs them', { skip }, async () => {
  const { chromium } = await import('playwright-core');
  const { executablePath } = await import('../real/browser.ts');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(ground.address('approve'));
    assert.match(await page.locator('noscript').innerText(), /needs JavaScript/);
  } finally {
    await browser.close();
  }
});

test('at another name of the gateway, and where there is no publicUrl, the page says where to go', {
  skip,
}, async () => {
  const { page } = await ground.visitor();
  await page.goto(`http://127.0.0.1:${ground.port}/approve/req_1`);
  await page.getByText('at the address that the configuration names').waitFor();
  assert.equal(
    await page.getByRole('link', { name: ground.url }).getAttribute('href'),
    ground.address('approve/req_1'),
  );
});
