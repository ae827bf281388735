/** Rows to aligned text. In: cells as plain text of anybody. Out: lines without control characters, cut to the terminal's width. */
import { visibleLine } from '../../core/text.ts';
import type { Paint } from './screen.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: 'right';
  /** Left out where the terminal is too narrow; the highest number goes first. */
  readonly spare?: number;
  readonly paint?: (row: Row, text: string) => string;
}

/** Columns that the last one, which is cut, gets at least. */
const leastRoom = 24;

/** A table with a heading line. On a terminal spare columns are left out and the last one is cut, so that lines stay lines. */
export function table<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  paint: Paint,
  width: number | null,
): string {
  const columns = fitting(all, rows, width);
  const cells = rows.map((row) => columns.map((c) => textOf(c, row)));
  const widths = columns.map((c) => widthOf(c, rows));
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

function textOf<Row>(column: Column<Row>, row: Row): string {
  return visibleLine(column.cell(row)) || '-';
}

function widthOf<Row>(column: Column<Row>, rows: readonly Row[]): number {
  return Math.max(
    displayWidth(column.title),
    ...rows.map((row) => displayWidth(textOf(column, row))),
  );
}

function fitting<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | null,
): readonly Column<Row>[] {
  if (width === null) return all;
  let columns = all;
  for (;;) {
    const last = columns.at(-1)!;
    const taken = columns.slice(0, -1).reduce((sum, c) => sum + widthOf(c, rows) + 2, 0);
    const spare = Math.max(0, ...columns.map((c) => c.spare ?? 0));
    if (spare === 0 || taken + Math.min(leastRoom, widthOf(last, rows)) <= width) return columns;
    columns = columns.filter((c) => c.spare !== spare);
  }
}

/** Labelled values, aligned; a value of several lines stays under its first. Null values are left out. */
export function facts(
  pairs: readonly (readonly [string, string | readonly string[] | null])[],
  paint: Paint,
  columns: number | null = null,
): string {
  const kept = pairs.filter(([, value]) => value !== null);
  const width = Math.max(0, ...kept.map(([label]) => label.length));
  return kept
    .map(([label, value]) => {
      const lines = typeof value === 'string' ? [value] : value!;
      return lines
        .flatMap((text) => fold(text, columns === null ? null : columns - width - 4))
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

const colours = /\u001b\[[0-9;]*m/g;

/** A line as several that fit, broken at spaces; as it is where `columns` is null or too few to be of use. */
export function fold(line: string, columns: number | null): readonly string[] {
  const room = columns ?? Number.POSITIVE_INFINITY;
  if (room < 20 || displayWidth(line.replace(colours, '')) <= room) return [line];
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && displayWidth(longer.replace(colours, '')) > room) {
      lines.push(current);
      current = word;
    } else current = longer;
  }
  return [...lines, current];
}

/** Lines that fit; what is broken off stays under the beginning of its line. */
export function foldAll(text: string, columns: number | null): string {
  return text
    .split('\n')
    .map((line) => {
      const indent = /^ */.exec(line)![0];
      return fold(line.slice(indent.length), columns === null ? null : columns - indent.length)
        .map((part) => indent + part)
        .join('\n');
    })
    .join('\n');
}
