/** Rows to aligned text. In: cells as plain text of anybody. Out: lines without control characters, cut to the terminal's width. */
import { visibleLine } from '../../core/text.ts';
import type { Paint } from './screen.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'right';
  readonly paint?: (row: Row, text: string) => string;
}

/** A table with a heading line. Only the last column is cut, and only where `width` is known. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  paint: Paint,
  width: number | null,
): string {
  const cells = rows.map((row) => columns.map((c) => visibleLine(c.cell(row)) || '-'));
  const widths = columns.map((c, i) =>
    Math.max(displayWidth(c.title), ...cells.map((line) => displayWidth(line[i]!))),
  );
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, w) => sum + w + 2, 0);
  const room = width === null ? Number.POSITIVE_INFINITY : Math.max(width - before, 12);
  const line = (texts: readonly string[], style: (i: number, text: string) => string) =>
    texts
      .map((text, i) => {
        const shown = i === last ? cut(text, room) : text;
        const pad = ' '.repeat(Math.max(0, widths[i]! - displayWidth(shown)));
        if (columns[i]!.align === 'right') return pad + style(i, shown);
        return i === last ? style(i, shown) : style(i, shown) + pad;
      })
      .join('  ')
      .trimEnd();
  const heading = line(
    columns.map((c) => c.title),
    (_i, text) => paint.dim(text),
  );
  const body = cells.map((texts, r) =>
    line(texts, (i, text) => columns[i]!.paint?.(rows[r]!, text) ?? text),
  );
  return `${[heading, ...body].join('\n')}\n`;
}

/** Labelled values, aligned; a value of several lines stays under its first. Null values are left out. */
export function facts(
  pairs: readonly (readonly [string, string | readonly string[] | null])[],
  paint: Paint,
): string {
  const kept = pairs.filter(([, value]) => value !== null);
  const width = Math.max(0, ...kept.map(([label]) => label.length));
  return kept
    .map(([label, value]) => {
      const lines = typeof value === 'string' ? [value] : value!;
      return lines
        .map((text, i) => `  ${paint.dim((i === 0 ? label : '').padEnd(width))}  ${text}\n`)
        .join('');
    })
    .join('');
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const joins = /\p{M}/u;

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += joins.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}

/** The text, or as much of it as fits with an ellipsis. */
export function cut(text: string, room: number): string {
  if (displayWidth(text) <= room) return text;
  let kept = '';
  let columns = 0;
  for (const character of text) {
    columns += displayWidth(character);
    if (columns > room - 1) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}
