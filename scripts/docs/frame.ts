/**
 * The document around an article: header, sidebar, contents of the page, next and previous. In: what each of them shows. Out:
 * a whole HTML document. Never: a script or style that is not a file of the site, or an address elsewhere.
 */
import { breakable, escaped } from './escaped.ts';
import type { Heading } from './markdown.ts';
import { between } from './pages.ts';

export interface Framed {
  readonly address: string;
  readonly title: string;
  readonly summary: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  /** Sections of links; the one of this page is marked. */
  readonly sidebar: readonly {
    readonly title: string;
    readonly entries: readonly { readonly title: string; readonly address: string }[];
  }[];
  /** The entry of the sidebar that this page belongs to, where that is not the page itself. */
  readonly within: string | null;
  readonly previous: { readonly title: string; readonly address: string } | null;
  readonly next: { readonly title: string; readonly address: string } | null;
  readonly version: string;
}

/**
 * What a page may load: files beside it, and nothing else; nothing inline runs. `file:` says for pages from a disk what
 * 'self' says there in some browsers only; from a server no browser loads such an address.
 */
export const policy = [
  "default-src 'none'",
  ...['script-src', 'style-src', 'img-src'].map((what) => `${what} 'self' file:`),
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export function frame(page: Framed): string {
  const to = (address: string) => escaped(between(page.address, address));
  const root = '../'.repeat(page.address.split('/').length - 1);
  const title = page.address === 'index.html' ? page.title : `${page.title} · Reeve`;
  return `<!doctype html>
<html lang="en" data-root="${root}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<meta name="description" content="${escaped(page.summary)}">
<link rel="icon" href="${to('assets/reeve.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${to('assets/site.css')}">
<script src="${to('assets/theme.js')}"></script>
<script src="${to('assets/page.js')}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header class="top">
<button class="icon menu-button" type="button" popovertarget="menu" aria-label="Pages">${icons.menu}</button>
<a class="brand" href="${to('index.html')}">${icons.brand}<span>Reeve</span></a>
<span class="version">${escaped(page.version)}</span>
<div class="search" role="search" hidden>
<label class="unseen" for="query">Search the documentation</label>
${icons.search}
<input id="query" type="search" placeholder="Search" autocomplete="off" spellcheck="false" role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls="hits">
<kbd>/</kbd>
<div class="found" hidden><ul id="hits" role="listbox" aria-label="What was found"></ul></div>
<p id="count" class="unseen" role="status"></p>
</div>
<button class="icon theme-button" type="button" hidden aria-label="Dark or light">${icons.theme}</button>
</header>
<div class="columns">
<nav id="menu" class="menu" popover aria-label="Pages">
<ul class="first">${entry(page, { title: 'Home', address: 'index.html' })}${entry(page, { title: 'All pages', address: 'docs.html' })}</ul>
${page.sidebar.map((section) => `<h2>${escaped(section.title)}</h2>\n<ul>${section.entries.map((e) => entry(page, e)).join('')}</ul>`).join('\n')}
</nav>
<main id="content" tabindex="-1">
<article>
${page.html}</article>
${neighbours(page, to)}
</main>
${contents(page.headings)}
</div>
</body>
</html>
`;
}

function entry(page: Framed, { title, address }: { title: string; address: string }): string {
  const current =
    address === page.address
      ? ' aria-current="page"'
      : address === page.within
        ? ' aria-current="true"'
        : '';
  return `<li><a href="${escaped(between(page.address, address))}"${current}>${escaped(title)}</a></li>`;
}

function neighbours({ previous, next }: Framed, to: (address: string) => string): string {
  if (previous === null && next === null) return '';
  const link = (kind: string, word: string, page: Framed['next']) =>
    page === null
      ? ''
      : `<a class="neighbour ${kind}" rel="${kind}" href="${to(page.address)}"><small>${word}</small><span>${escaped(page.title)}</span></a>`;
  return `<nav class="neighbours" aria-label="Next and previous">${link('prev', 'Previous', previous)}${link('next', 'Next', next)}</nav>`;
}

function contents(headings: readonly Heading[]): string {
  const shown = headings.filter((h) => h.level === 2 || h.level === 3);
  if (shown.length < 2) return '<div class="contents"></div>';
  const items = shown.map(
    (h) =>
      `<li class="level-${h.level}"><a href="#${escaped(h.anchor)}">${breakable(h.text)}</a></li>`,
  );
  return `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${items.join('')}</ul></nav>`;
}

const icon = (inside: string) =>
  `<svg aria-hidden="true" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${inside}</svg>`;
const icons = {
  menu: icon('<path d="M4 6h16M4 12h16M4 18h16"/>'),
  search: icon('<circle cx="11" cy="11" r="7"/><path d="m20 20-4-4"/>'),
  theme: icon(
    '<circle cx="12" cy="12" r="9"/><path d="M12 3a9 9 0 0 1 0 18z" fill="currentColor"/>',
  ),
  brand: icon(
    '<path d="M12 3 4 6v6c0 5 3.5 8 8 9 4.500-1 8-4 8-9V6z"/><path d="m8.500 12 2.500 2.500 4.500-5"/>',
  ),
};
