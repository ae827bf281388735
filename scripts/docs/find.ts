/**
 * The search, the same where it is tried in Node and where a reader types. In: passages of all pages. Out: the passages that
 * hold every word, the best first; where none does, those that hold any. Never: markup; what is shown of a hit is text.
 */
import MiniSearch from 'minisearch';

/** A passage as the index has it: short names, because readers load it. */
export interface Indexed {
  /** Its address, from the site's root. */
  readonly a: string;
  /** The page's title. */
  readonly p: string;
  /** The heading; the same as the title for the beginning of a page. */
  readonly h: string;
  /** The text. */
  readonly t: string;
}

export interface Hit {
  readonly address: string;
  readonly page: string;
  readonly heading: string;
  readonly excerpt: readonly { readonly text: string; readonly found: boolean }[];
}

export type Find = (query: string, most?: number) => readonly Hit[];

export function searchOver(passages: readonly Indexed[]): Find {
  const index = new MiniSearch<Indexed & { id: number }>({
    fields: ['p', 'h', 't'],
    // `--param`, `reeve.yaml`, `APPROVAL_REQUIRED` and `/v1/approvals` are found whole and by their parts.
    tokenize: (text) => {
      const words = text.split(/[^\p{L}\p{N}_]+/u).filter((w) => w !== '');
      return words.flatMap((w) => (w.includes('_') ? [w, ...w.split('_')] : [w]));
    },
    searchOptions: {
      boost: { h: 4, p: 2.5 },
      boostDocument: (id) => weight(passages[id as number]!),
      prefix: (term) => term.length > 1,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
    },
  });
  index.addAll(passages.map((passage, id) => ({ ...passage, id })));
  return (query, most = 12) => {
    const all = index.search(query, { combineWith: 'AND' });
    const found = all.length > 0 ? all : index.search(query, { combineWith: 'OR' });
    return found.slice(0, most).map((result) => {
      const { a, p, h, t } = passages[result.id as number]!;
      return { address: a, page: p, heading: h, excerpt: excerpt(t, Object.keys(result.match)) };
    });
  };
}

/** Where a page begins, it says what it is about; what once was, and why, comes after how it is. */
function weight({ a, p, h }: Indexed): number {
  const past = /^(decisions\/|changelog|mission)/.test(a) ? 0.4 : 1;
  return past * (p === h ? 2.5 : 1);
}

const around = 70;

/** A piece of the text around the first word that was found, with the words that were found told apart. */
function excerpt(text: string, words: readonly string[]): Hit['excerpt'] {
  const escaped = words.map((w) => w.replace(/[^\p{L}\p{N}_]/gu, '')).filter((w) => w !== '');
  if (escaped.length === 0) return [{ text: text.slice(0, 2 * around), found: false }];
  const any = new RegExp(`(${escaped.sort((a, b) => b.length - a.length).join('|')})`, 'giu');
  const at = Math.max(0, text.search(any));
  let from = Math.max(0, at - around);
  if (from > 0) from = text.indexOf(' ', from) + 1 || from;
  const piece = text.slice(Math.min(from, at), at + 2 * around);
  const parts = piece
    .split(any)
    .map((part, i) => ({ text: part, found: i % 2 === 1 }))
    .filter((part) => part.text !== '');
  if (from > 0) parts.unshift({ text: '… ', found: false });
  if (at + 2 * around < text.length) parts.push({ text: ' …', found: false });
  return parts;
}
