/**
 * Where a link of a page leads. In: a link as Markdown has it. Out: an address of the site, of the repository or of
 * elsewhere, or nowhere with the name of the file. Never: a scheme that runs something, or a dead link.
 */
import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { between, type Page } from './pages.ts';

export type Target =
  | { readonly kind: 'page'; readonly href: string }
  | { readonly kind: 'picture'; readonly href: string; readonly file: string }
  | { readonly kind: 'elsewhere'; readonly href: string }
  /** A file of the repository that is no page, and no address of the repository is known. */
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'broken'; readonly why: string };

export interface Place {
  readonly root: string;
  readonly pages: ReadonlyMap<string, Page>;
  /** Where the repository can be looked at, without a slash at its end; null where nobody said. */
  readonly repository: string | null;
}

const picture = /\.(png|jpe?g|gif|webp|svg)$/i;

export function targetOf(place: Place, from: Page, link: string): Target {
  if (/^(https?:|mailto:)/i.test(link)) return { kind: 'elsewhere', href: link };
  if (/^[a-z][a-z0-9+.-]*:/i.test(link) || link.startsWith('//'))
    return { kind: 'broken', why: 'only http, https and mailto lead elsewhere' };
  if (link.startsWith('#')) return { kind: 'page', href: link };
  const [path, hash] = split(link);
  if (path.startsWith('/')) return { kind: 'broken', why: 'a link has to be relative to its page' };
  const file = posix.normalize(posix.join(posix.dirname(from.source), path)).replace(/\/$/, '');
  if (file.startsWith('..')) return beside(place, file);
  if (!existsSync(join(place.root, file))) return { kind: 'broken', why: `there is no ${file}` };
  const page = place.pages.get(file) ?? place.pages.get(`${file}/README.md`);
  if (page !== undefined) return { kind: 'page', href: between(from.address, page.address) + hash };
  if (picture.test(file) && file.startsWith('docs/')) {
    const to = file.slice('docs/'.length);
    return { kind: 'picture', href: between(from.address, to), file };
  }
  if (place.repository === null) return { kind: 'file', file };
  const shape = statSync(join(place.root, file)).isDirectory() ? 'tree' : 'blob';
  return { kind: 'elsewhere', href: `${place.repository}/${shape}/main/${file}${hash}` };
}

/** `../../security/advisories/new`: at GitHub, where pages lie below blob/main, a place beside the files. */
function beside({ repository }: Place, file: string): Target {
  const [, rest] =
    /^\.\.\/\.\.\/((?:security|issues|pulls|discussions|releases|wiki)(?:\/.*)?)$/.exec(file) ?? [];
  if (rest === undefined) return { kind: 'broken', why: 'it leads out of the repository' };
  return repository === null
    ? { kind: 'file', file: '' }
    : { kind: 'elsewhere', href: `${repository}/${rest}` };
}

function split(link: string): readonly [path: string, hash: string] {
  const at = link.indexOf('#');
  const [path, hash] = at < 0 ? [link, ''] : [link.slice(0, at), link.slice(at)];
  try {
    return [decodeURIComponent(path), hash];
  } catch {
    return [path, hash];
  }
}

/** The repository's address as package.json has it, for a browser. */
export function repositoryOf(manifest: { readonly repository?: unknown }): string | null {
  const given = manifest.repository;
  const url = typeof given === 'string' ? given : (given as { url?: unknown } | undefined)?.url;
  if (typeof url !== 'string') return null;
  const web = url.replace(/^git\+/, '').replace(/^github:/, 'https://github.com/');
  return /^https:\/\//.test(web) ? web.replace(/\.git$/, '').replace(/\/$/, '') : null;
}
