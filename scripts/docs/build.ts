/**
 * Puts the site together. In: the repository and an empty folder. Out: pages, pictures, styles, scripts and the search's
 * index in it, and what is wrong with the pages. Never: a file that depends on when or where it was built.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apiArticle } from './api.ts';
import { writeAssets } from './assets.ts';
import { danglingAnchors } from './dangling.ts';
import type { Indexed } from './find.ts';
import { frame } from './frame.ts';
import { repositoryOf } from './links.ts';
import { type Article, article } from './markdown.ts';
import { contract, decisions, pagesOf, readingOrder, sectionsOf } from './pages.ts';

export interface Built {
  readonly pages: number;
  readonly passages: readonly Indexed[];
  /** A sentence each; a site with any should not be published. */
  readonly troubles: readonly string[];
}

/** Writes the site of the repository at `root` into the folder `into`. Throws where a page or the index cannot be read. */
export async function buildSite(root: string, into: string): Promise<Built> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
    repository?: unknown;
  };
  const pages = pagesOf(root);
  const sections = sectionsOf(root);
  const place = { root, pages, repository: repositoryOf(manifest) };
  const articles = new Map<string, Article>();
  for (const page of pages.values())
    articles.set(
      page.source,
      page.source === contract
        ? apiArticle(root)
        : article(place, page, readFileSync(join(root, page.source), 'utf8')),
    );

  const troubles = [...articles].flatMap(([source, a]) => a.troubles.map((t) => `${source}: ${t}`));
  const sidebar = sections.map(({ title, entries }) => ({
    title,
    entries: entries.flatMap((entry) => {
      const page = pages.get(entry.source);
      if (page !== undefined) return [{ title: entry.title, address: page.address }];
      troubles.push(`docs/README.md: ${entry.source} is no page`);
      return [];
    }),
  }));
  const order = readingOrder(pages, sections);
  const passages: Indexed[] = [];
  const pictures = new Set<string>();
  for (const page of pages.values()) {
    const { title, summary, html, headings, ...rest } = articles.get(page.source)!;
    const at = order.indexOf(page.source);
    const beside = (step: number) => {
      const other = at < 0 ? undefined : pages.get(order[at + step] ?? '');
      return other === undefined
        ? null
        : { title: articles.get(other.source)!.title, address: other.address };
    };
    const text = frame({
      address: page.address,
      title,
      summary,
      html,
      headings,
      sidebar,
      within: page.source.startsWith('docs/decisions/') ? pages.get(decisions)!.address : null,
      previous: beside(-1),
      next: beside(1),
      version: manifest.version,
    });
    write(into, page.address, text);
    for (const picture of rest.pictures) pictures.add(picture);
    for (const { heading, anchor, text } of rest.passages)
      passages.push({
        a: anchor === '' ? page.address : `${page.address}#${anchor}`,
        p: title,
        h: heading,
        t: text,
      });
  }
  for (const picture of pictures) {
    const to = join(into, picture.slice('docs/'.length));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(root, picture), to);
  }
  if (pages.has(contract)) cpSync(join(root, contract), join(into, contract));
  await writeAssets(join(into, 'assets'), passages);
  troubles.push(...danglingAnchors(into));
  return { pages: pages.size, passages, troubles };
}

function write(into: string, address: string, text: string): void {
  const file = join(into, address);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
