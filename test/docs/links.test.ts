/** Links between the Markdown files that people read where the repository is: each leads to a file, each anchor to a heading. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { test } from 'node:test';
import MarkdownIt, { type Token } from 'markdown-it';
import { anchorOf, anchors } from '../../scripts/docs/anchors.ts';
import { root } from '../real/stage.ts';

const markdown = new MarkdownIt({ html: true });
const pages = globSync(
  ['*.md', '{docs,examples,deploy,scripts,test}/**/*.md', 'bindings/*/*.md', 'schemas/*.md'],
  { cwd: root, exclude: (name) => /(^|\/)(node_modules|target|\.state)$/.test(String(name)) },
).sort();

const read = (page: string) => markdown.parse(readFileSync(join(root, page), 'utf8'), {});

function anchorsOf(page: string): ReadonlySet<string> {
  const next = anchors();
  const tokens = read(page);
  const found = new Set<string>();
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'heading_open') found.add(next(shown(tokens[at + 1]!)));
    for (const html of [token, ...(token.children ?? [])])
      for (const [, id] of html.type.startsWith('html_')
        ? html.content.matchAll(/<a (?:id|name)="([^"]+)"/g)
        : [])
        found.add(id!);
  }
  return found;
}

const shown = (inline: Token) =>
  (inline.children ?? [])
    .filter((t) => t.type !== 'html_inline')
    .map((t) => (t.type === 'softbreak' ? ' ' : t.content))
    .join('');

function linksOf(page: string): readonly string[] {
  return read(page)
    .flatMap((token) => [token, ...(token.children ?? [])])
    .flatMap((token) => {
      if (token.type === 'link_open') return String(token.attrGet('href'));
      if (token.type === 'image') return String(token.attrGet('src'));
      if (!token.type.startsWith('html_')) return [];
      return [...token.content.matchAll(/<img [^>]*src="([^"]+)"/g)].map(([, src]) => src!);
    });
}

assert.ok(pages.length > 40);
const known = new Map<string, ReadonlySet<string>>();
for (const page of pages) {
  test(`the links of ${page} lead somewhere`, () => {
    const broken: string[] = [];
    for (const link of linksOf(page)) {
      if (/^(https?:|mailto:)/.test(link)) continue;
      // Where GitHub has the page below blob/main, this is a place beside the files.
      if (page === 'SECURITY.md' && link === '../../security/advisories/new') continue;
      const [path, hash] = link.split('#') as [string, string?];
      const to =
        path === '' ? page : posix.normalize(posix.join(dirname(page), decodeURIComponent(path)));
      if (to.startsWith('..') || !existsSync(join(root, to))) broken.push(link);
      else if (hash !== undefined && to.endsWith('.md')) {
        if (!known.has(to)) known.set(to, anchorsOf(to));
        if (!known.get(to)!.has(decodeURIComponent(hash))) broken.push(`${link}: no such heading`);
      } else if (hash !== undefined && statSync(join(root, to)).isDirectory())
        broken.push(`${link}: a folder has no headings`);
    }
    assert.deepEqual(broken, []);
  });
}

const listing = ['docs/README.md', 'docs/decisions/README.md'];
test('every page of docs/ is in docs/README.md, and every decision in the list of decisions', () => {
  const listed = new Set(
    listing.flatMap((page) =>
      linksOf(page).map((l) => posix.join(dirname(page), l.split('#')[0]!)),
    ),
  );
  const docs = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  assert.deepEqual(
    docs.filter((page) => !listed.has(page)),
    [],
  );
});

for (const [heading, anchor] of [
  ['What expires, and what stays', 'what-expires-and-what-stays'],
  ['`reeve audit verify`', 'reeve-audit-verify'],
  ['Agent → gateway', 'agent--gateway'],
  ["It's C++ & C#", 'its-c--c'],
  ['under_scores and-hyphens', 'under_scores-and-hyphens'],
  ['Prüfung Ω 2', 'prüfung-ω-2'],
] as const) {
  test(`the anchor of "${heading}" is GitHub's: ${anchor}`, () => {
    const [, inline] = markdown.parse(`# ${heading}`, {});
    assert.equal(anchorOf(shown(inline!)), anchor);
  });
}

test('headings of one text are numbered, also where a number is taken', () => {
  const next = anchors();
  assert.deepEqual(['Added', 'Added 1', 'Added', 'Added'].map(next), [
    'added',
    'added-1',
    'added-2',
    'added-3',
  ]);
});
