/** How this room speaks: names that look alike, values quoted so that no caller can draw on a terminal. In: anything. Out: one short line. */
import { visibleLine } from '../core/text.ts';

/** A text in quotes on one line, cut in the middle of nothing: at most `length` characters of it. */
export function quote(text: string, length = 80): string {
  const characters = [...text.slice(0, length * 2)];
  const cut = characters.length > length || text.length > length * 2;
  return `"${visibleLine(characters.slice(0, length).join(''))}${cut ? '…' : ''}"`;
}

/** What a JSON value is, in words that a sentence can hold: `the number 60`, `a list`, `empty`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text ${quote(value, 40)}`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `the boolean ${value}`;
    default:
      return 'a map';
  }
}

/** `a`, `a or b`, `a, b or c`; long lists are cut. */
export function either(items: readonly string[], most = 20): string {
  const shown = items.length > most ? [...items.slice(0, most), '…'] : items;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
}

/** The known name that the given one was most likely meant to be; undefined where none is close. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 22) return 99;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}
