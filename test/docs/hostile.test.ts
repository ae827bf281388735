/** What a page could try to bring into the site: scripts, styles, addresses that run, pictures that tell who reads. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Built, buildSite } from '../../scripts/docs/build.ts';
import { noBrowser, visitor } from '../real/browser.ts';
import { elementsOf } from './html.ts';

const hostile = `# Hostile <img src=x onerror="hurt()"> \`"><script>hurt()</script>\`

<!-- a remark <script>hurt()</script> -->
Before <!-- inside --> after.

<script>hurt()</script>
<style>@import url(https://elsewhere.example/x.css);</style>
<iframe src="javascript:hurt()"></iframe>
<img src="javascript:hurt()" alt="x"> <img src="x" onerror="hurt()" alt="x">
<img src="https://elsewhere.example/pixel.png" alt="a pixel">
<a href="javascript:hurt()">go</a> <a id="x" onclick="hurt()">go</a>
<details open ontoggle="hurt()"><summary>more</summary>text</details>
<svg onload="hurt()"><base href="https://elsewhere.example/"><meta http-equiv="refresh" content="0;url=https://elsewhere.example/">

[one](javascript:hurt()) [two](JaVaScRiPt:hurt()) [three](data:text/html,<script>hurt()</script>) [four](vbscript:hurt())
[five](&#106;avascript:hurt()) [six](//elsewhere.example/x) [seven](/etc/passwd) [eight](../../../etc/passwd "a\\"b onclick=hurt()")
[nine](<x" onmouseover="hurt()>) ![picture](https://elsewhere.example/pixel.png) ![p](data:image/svg+xml,<svg/onload=hurt()>)

[safe](https://example.com/?a=1&b="2") [home](../README.md)

\`\`\`"><script>hurt()</script>
</code></pre><script>hurt()</script>
\`\`\`

\`\`\`sh
echo '</span><script>hurt()</script>' # <img src=x onerror=hurt()>
\`\`\`

\`\`\`mermaid
flowchart LR
  a["<script>hurt()</script>"] -- "<img src=x onerror=hurt()>" --> b["x" onload=hurt()]
  click a "javascript:hurt()"
  style a fill:url(https://elsewhere.example/x)
\`\`\`

| a | <script>hurt()</script> |
|---|---|
| [x](javascript:hurt()) | \`</td><script>hurt()</script>\` |
`;

describe('a hostile page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-hostile-'));
  const site = join(folder, 'site');
  let built: Built;
  let page: string;
  before(async () => {
    const root = join(folder, 'root');
    mkdirSync(join(root, 'docs'), { recursive: true });
    const files = {
      'package.json': '{"version": "1.0.0"}',
      'README.md': '# Home\n\nText, see [the code](package.json) and [all](docs/).\n',
      'docs/README.md':
        '# Pages\n\n## Start\n\n| page | for |\n|---|---|\n| [H](hostile.md) | <b>x</b> |\n',
      'docs/hostile.md': hostile,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
    built = await buildSite(root, site);
    page = readFileSync(join(site, 'hostile.html'), 'utf8');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('brings no element, attribute or address that runs or loads something', () => {
    const allowed = new Set(['theme.js', 'page.js'].map((name) => `assets/${name}`));
    for (const { name, attributes } of elementsOf(page)) {
      if (name === 'script') assert.ok(allowed.has(attributes.src!), attributes.src);
      assert.ok(
        !['style', 'iframe', 'base', 'form', 'object', 'embed', 'img'].includes(name),
        name,
      );
      if (name === 'meta') assert.ok(attributes['http-equiv'] !== 'refresh');
      for (const [key, value] of Object.entries(attributes)) {
        assert.doesNotMatch(key, /^on|^style$/);
        if (['href', 'src', 'xlink:href'].includes(key))
          assert.match(value, /^(?![a-z]+:)(?!\/)|^https:\/\/example\.com\//i);
      }
    }
  });

  test('is reported, link by link', () => {
    for (const link of [
      'javascript:hurt()',
      'vbscript:hurt()',
      '/etc/passwd',
      '../../../etc/passwd',
    ])
      assert.ok(
        built.troubles.some((t) => t.startsWith(`docs/hostile.md: the link ${link}`)),
        link,
      );
  });

  test('is still read: its text stands there, its remarks do not, and a file of the repository is named', () => {
    assert.match(page, /Before {2}after\./);
    assert.doesNotMatch(page, /a remark/);
    assert.match(page, /&lt;script&gt;hurt\(\)&lt;\/script&gt;/);
    assert.match(page, /<a class="elsewhere" rel="noreferrer" href="https:\/\/example\.com\//);
    const home = readFileSync(join(site, 'index.html'), 'utf8');
    assert.match(home, /<span class="file">the code \(<code>package\.json<\/code>\)<\/span>/);
    assert.match(home, /<a href="docs\.html">all<\/a>/);
  });

  test('runs nothing in a browser, even without the policy of the page', {
    skip: noBrowser,
  }, async () => {
    const open = join(site, 'open.html');
    writeFileSync(open, page.replace(/<meta http-equiv[^>]*>/, ''));
    await using somebody = await visitor();
    const asked: string[] = [];
    let hurt = false;
    await somebody.page.exposeFunction('hurt', () => {
      hurt = true;
    });
    somebody.page.on('request', (request) => asked.push(request.url()));
    await somebody.page.goto(pathToFileURL(open).href);
    await somebody.page.locator('#query').fill('script hurt');
    await somebody.page.locator('#hits li').first().waitFor();
    for (const each of await somebody.page.locator('article :is(a, summary)').all())
      await each.hover();
    assert.equal(hurt, false);
    for (const url of asked) assert.ok(url.startsWith(pathToFileURL(site).href), url);
    assert.deepEqual(somebody.problems, []);
  });
});
