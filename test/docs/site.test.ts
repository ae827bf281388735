/** The site of the documentation, built as `npm run docs` builds it: whole, reachable, and asking nobody else for anything. */
import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { parse } from 'yaml';
import { type Built, buildSite } from '../../scripts/docs/build.ts';
import { type Indexed, searchOver } from '../../scripts/docs/find.ts';
import { root } from '../real/stage.ts';
import { elementsOf } from './html.ts';

describe('the site', () => {
  const site = mkdtempSync(join(tmpdir(), 'reeve-site-'));
  const html = new Map<string, string>();
  let built: Built;
  before(async () => {
    built = await buildSite(root, site);
    for (const file of globSync('**/*.html', { cwd: site }))
      html.set(file, readFileSync(join(site, file), 'utf8'));
  });
  after(() => rmSync(site, { recursive: true, force: true }));

  test('is built of all pages without a complaint', () => {
    assert.deepEqual(built.troubles, []);
    assert.equal(built.pages, html.size);
    for (const page of ['index', 'docs', 'api', 'approvals', 'changelog', 'decisions/index'])
      assert.ok(html.has(`${page}.html`), page);
  });

  test('every link and anchor of every page leads somewhere', () => {
    const broken: string[] = [];
    let links = 0;
    for (const [file, text] of html)
      for (const { attributes } of elementsOf(text)) {
        const link = attributes.href ?? attributes.src;
        if (link === undefined || /^(https:|http:|mailto:)/.test(link)) continue;
        links += 1;
        const [path, hash = ''] = link.split('#') as [string, string?];
        const to = path === '' ? file : posix.join(posix.dirname(file), path);
        if (!existsSync(join(site, to))) broken.push(`${file}: ${link}`);
        else if (hash !== '' && !idsOf(to).has(decodeURIComponent(hash)))
          broken.push(`${file}: ${link}`);
      }
    assert.deepEqual(broken, []);
    assert.ok(links > 1000, `only ${links} links`);
  });

  const ids = new Map<string, ReadonlySet<string>>();
  function idsOf(file: string): ReadonlySet<string> {
    const known = ids.get(file);
    if (known !== undefined) return known;
    const all = elementsOf(html.get(file) ?? '').flatMap((e) => e.attributes.id ?? []);
    assert.equal(new Set(all).size, all.length, `${file} gives an id twice`);
    const set = new Set(all);
    ids.set(file, set);
    return set;
  }

  test('no id is given twice on a page', () => {
    for (const file of html.keys()) idsOf(file);
  });

  test('every page has a language, a title of its own, one heading of the first level, a way past the menu', () => {
    const titles = new Set<string>();
    for (const [file, text] of html) {
      const elements = elementsOf(text);
      assert.equal(elements.find((e) => e.name === 'html')?.attributes.lang, 'en', file);
      assert.equal(elements.filter((e) => e.name === 'h1').length, 1, file);
      assert.equal(elements.filter((e) => e.name === 'main').length, 1, file);
      const title = /<title>([^<]+)<\/title>/.exec(text)?.[1];
      assert.ok(title !== undefined && !titles.has(title), `${file}: ${title}`);
      titles.add(title);
      assert.match(text, /<a class="skip" href="#content">/, file);
      for (const e of elements.filter((each) => each.name === 'img'))
        assert.ok((e.attributes.alt ?? '').length > 3, `${file}: a picture without words`);
    }
  });

  test('every page is in the sidebar, or in the list of decisions', () => {
    const listed = new Set(['index.html']);
    for (const from of ['index.html', 'decisions/index.html'])
      for (const { name, attributes } of elementsOf(html.get(from)!))
        if (name === 'a') listed.add(posix.join(dirname(from), attributes.href!.split('#')[0]!));
    const menu = /<nav id="menu"[\s\S]*?<\/nav>/.exec(html.get('index.html')!)![0];
    const inMenu = new Set(elementsOf(menu).flatMap((e) => e.attributes.href ?? []));
    for (const file of html.keys()) {
      const where = file.startsWith('decisions/0') ? listed : inMenu;
      assert.ok(where.has(file), `${file}: add a row for it to docs/README.md`);
    }
  });

  test('nothing is loaded from elsewhere, and nothing inline runs', () => {
    const loads: Readonly<Record<string, string>> = {
      script: 'src',
      link: 'href',
      img: 'src',
      image: 'href',
      use: 'href',
      object: 'data',
    };
    for (const [file, text] of html) {
      const elements = elementsOf(text);
      const meta = elements.find((e) => 'http-equiv' in e.attributes);
      assert.match(
        meta?.attributes.content ?? '',
        /^default-src 'none'; script-src 'self' file:;/,
        file,
      );
      assert.doesNotMatch(meta?.attributes.content ?? '', /unsafe|https?:|\*/, file);
      for (const { name, attributes } of elements) {
        const loaded = attributes[loads[name] ?? ''];
        if (loaded !== undefined)
          assert.doesNotMatch(loaded, /^[a-z]+:|^\/\//i, `${file}: ${loaded}`);
        if (name === 'script') assert.ok(attributes.src !== undefined, `${file}: a script inside`);
        assert.ok(
          !['style', 'iframe', 'object', 'embed', 'form', 'base'].includes(name),
          `${file}: ${name}`,
        );
        for (const key of Object.keys(attributes))
          assert.doesNotMatch(key, /^(on|style$|srcset$|ping$)/, `${file}: ${name} ${key}`);
      }
    }
    for (const file of globSync('assets/*', { cwd: site })) {
      const text = readFileSync(join(site, file), 'utf8');
      if (file.endsWith('.css')) assert.doesNotMatch(text, /@import|url\(|https?:/, file);
      if (file.endsWith('.js') && !file.endsWith('passages.js'))
        // `}fetch(` is a method of the search's own map.
        assert.doesNotMatch(
          text,
          /(?<![}\w.])fetch\(|XMLHttpRequest|import\(|sendBeacon|innerHTML|eval\(/,
          file,
        );
    }
  });

  test('every drawing of the documentation is drawn, in the colours of the page', () => {
    const sources = [
      ...globSync('*.md', { cwd: root }),
      ...globSync('docs/**/*.md', { cwd: root }),
    ];
    const asked = sources.flatMap((f) => [
      ...readFileSync(join(root, f), 'utf8').matchAll(/^```mermaid$/gm),
    ]).length;
    const figures = [...html.values()].flatMap((text) => [
      ...text.matchAll(/<figure class="drawing">.*?(<svg [\s\S]*?<\/svg>)/g),
    ]);
    assert.equal(figures.length, asked);
    assert.ok(asked > 3);
    for (const [, svg] of figures) {
      assert.match(svg!, /role="img" aria-label="Drawing: [^"]+"/);
      assert.match(svg!, /<text /);
      assert.doesNotMatch(svg!, /<style|fonts\.googleapis/);
    }
  });

  test('the page of the REST interface has every operation, answer, error code and schema of the contract', () => {
    const api = parse(readFileSync(join(root, 'openapi.yaml'), 'utf8')) as {
      paths: Record<string, Record<string, { operationId: string; responses: object }>>;
      components: { schemas: object };
    };
    const page = html.get('api.html')!;
    const operations = Object.values(api.paths).flatMap((methods) => Object.values(methods));
    assert.ok(operations.length > 50);
    for (const { operationId, responses } of operations) {
      const [, section] =
        new RegExp(`<h3 id="${operationId}">([\\s\\S]*?)</section>`).exec(page) ?? [];
      assert.ok(section !== undefined, operationId);
      for (const status of Object.keys(responses))
        assert.ok(
          section.includes(status === 'default' ? '<td>other</td>' : `>${status}</span>`),
          `${operationId} ${status}`,
        );
      assert.match(section, /<summary>Example<\/summary>/, operationId);
    }
    for (const name of Object.keys(api.components.schemas))
      assert.ok(idsOf('api.html').has(`schema-${name}`), name);
    assert.ok(idsOf('api.html').has('error-UNAUTHENTICATED'));
    assert.match(html.get('rest.html')!, /href="api\.html"/);
  });

  test('code is coloured, sessions are copied without their prompts, comments are not shown', () => {
    assert.match(html.get('policy.html')!, /<span class="hljs-keyword">permit<\/span>/);
    const copied = elementsOf(html.get('index.html')!).find((e) => 'data-copy' in e.attributes);
    assert.match(copied!.attributes['data-copy']!, /^export PATH=.*\nreeve run search-text/);
    for (const [file, text] of html) assert.doesNotMatch(text, /&lt;!--|<!--/, file);
  });

  for (const [query, address] of [
    ['approvals', 'approvals.html'],
    ['passkey', /^approvals\.html/],
    ['bubblewarp', /^sandbox\.html/],
    [
      'APPROVAL_REQUIRED',
      /APPROVAL_REQUIRED|approval_required|api\.html|rest\.html|cli\.html|errors/,
    ],
    ['receipt', /^audit/],
    ['recordRefused', 'api.html#recordRefused'],
    ['run a declared command', 'api.html#execute'],
    ['cedar schema', /^policy\.html/],
    ['prometheus', /^telemetry\.html/],
    ['tlog tiles checkpoint', /^audit-format\.html/],
  ] as const) {
    test(`the search finds: ${query}`, () => {
      const [context] = [{} as { reevePassages?: readonly Indexed[] }];
      runInNewContext(readFileSync(join(site, 'assets/passages.js'), 'utf8'), context);
      const passages = context.reevePassages!;
      assert.equal(passages.length, built.passages.length);
      const found = searchOver(passages)(query, 5).map((hit) => hit.address);
      assert.ok(
        found.some((each) => (typeof address === 'string' ? each === address : address.test(each))),
        found.join(', '),
      );
    });
  }

  test('what is searched is text: no markup of links', () => {
    for (const { a, t } of built.passages) assert.doesNotMatch(t, /<a (?:class|href)=|<\/a>/, a);
  });

  test('a search without hits, and one of nothing but signs, finds nothing', () => {
    const find = searchOver(built.passages);
    for (const query of ['qqqqxyzzy', '???', '', '<script>!!</script>'.replaceAll('script', '')])
      assert.deepEqual(find(query), []);
  });
});
