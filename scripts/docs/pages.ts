/**
 * Which files of the repository become pages, and where each page lies. In: a folder with README.md and docs/. Out: pages,
 * and the sidebar, which is made of the sections of docs/README.md. Never: two pages under one address.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface Page {
  /** The file that it is made of, relative to the repository. */
  readonly source: string;
  /** Relative to the site. */
  readonly address: string;
}

export interface Entry {
  readonly source: string;
  readonly title: string;
}

export interface Section {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** The contract of REST becomes a page, too. */
export const contract = 'openapi.yaml';
export const home = 'README.md';
export const index = 'docs/README.md';
export const decisions = 'docs/decisions/README.md';

const patterns = ['*.md', 'docs/**/*.md', 'examples/*/README.md', 'bindings/*/README.md'];

export function pagesOf(root: string): ReadonlyMap<string, Page> {
  const sources = globSync(patterns, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
  if (existsSync(join(root, contract))) sources.push(contract);
  const pages = new Map<string, Page>();
  const taken = new Map<string, string>();
  for (const source of sources) {
    const address = addressOf(source);
    const other = taken.get(address);
    if (other !== undefined) throw new Error(`${source} and ${other} would both be ${address}`);
    taken.set(address, source);
    pages.set(source, { source, address });
  }
  return pages;
}

function addressOf(source: string): string {
  if (source === home) return 'index.html';
  if (source === index) return 'docs.html';
  if (source === contract) return 'api.html';
  const inside = source.replace(/^docs\//, '').replace(/\.md$/, '');
  if (inside === 'decisions/README') return 'decisions/index.html';
  const named = inside.replace(/\/README$/, '');
  return `${named === named.toUpperCase() ? named.toLowerCase() : named}.html`;
}

/** The sections of docs/README.md with the first link of each row. Throws where one has a row without a link. */
export function sectionsOf(root: string): readonly Section[] {
  const text = readFileSync(join(root, index), 'utf8');
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const rows = part.split('\n').filter((line) => /^\|(?! page \||-)/.test(line));
      const entries = rows.map((row) => {
        const [, title, target] =
          /^\|\s*\[((?:[^\]`]|`[^`]*`)+)\]\(([^)#]+)[^)]*\)/.exec(row) ?? [];
        if (title === undefined) throw new Error(`${index}: a row without a link: ${row}`);
        const source = posix.normalize(posix.join(posix.dirname(index), target!));
        return { source, title: title.replaceAll('`', '') };
      });
      return { title: part.split('\n')[0]!.trim(), entries };
    })
    .filter((section) => section.entries.length > 0);
}

/** The order in which one reads: home, the index, the sidebar, and after the list of decisions each of them. */
export function readingOrder(
  pages: ReadonlyMap<string, Page>,
  sections: readonly Section[],
): readonly string[] {
  const order = [home, index, ...sections.flatMap((s) => s.entries.map((e) => e.source))];
  const each = [...pages.keys()].filter((s) => s.startsWith('docs/decisions/0'));
  const at = order.indexOf(decisions);
  if (at >= 0) order.splice(at + 1, 0, ...each);
  return [...new Set(order)].filter((source) => pages.has(source));
}

/** From one page of the site to another place of it. */
export function between(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to) || posix.basename(to);
}
