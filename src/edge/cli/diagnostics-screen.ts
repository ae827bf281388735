/** Diagnostics with the line they mean and a caret under the place. In: diagnostics. Never: raw control characters of the file. */
import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { visible, visibleLine } from '../../core/text.ts';
import type { Paint } from './screen.ts';
import { cut, displayWidth } from './table.ts';

const longestLine = 160;

/** Each diagnostic on its own, with a blank line after it. */
export async function printDiagnostics(
  diagnostics: readonly Diagnostic[],
  write: (text: string) => Promise<void>,
  paint: Paint,
): Promise<void> {
  const lines = new Map<string, readonly string[]>();
  for (const d of diagnostics) {
    if (!lines.has(d.file)) lines.set(d.file, linesOf(d.file));
    await write(`${describeDiagnostic(d, lines.get(d.file)!, paint)}\n`);
  }
}

/** One diagnostic; `lines` are those of its file, none where it cannot be read. */
export function describeDiagnostic(d: Diagnostic, lines: readonly string[], paint: Paint): string {
  const severity = severityOf(d, paint);
  const place = d.line > 0 ? `${shortPath(d.file)}:${d.line}:${d.column}` : shortPath(d.file);
  const source = d.line > 0 ? lines[d.line - 1] : undefined;
  const number = String(d.line);
  const gutter = ' '.repeat(source === undefined ? 1 : number.length);
  let text = `${severity}: ${paint.bold(visible(d.message))} ${paint.dim(`[${visibleLine(d.rule)}]`)}\n`;
  text += `${gutter}${paint.dim('-->')} ${visibleLine(place)}\n`;
  if (source !== undefined) {
    const before = displayWidth(visibleLine(source.slice(0, d.column - 1)));
    const bar = paint.dim('|');
    text += `${gutter} ${bar}\n${paint.dim(number)} ${bar} ${cut(visibleLine(source), longestLine)}\n`;
    text += before < longestLine ? `${gutter} ${bar} ${' '.repeat(before)}${paint.bad('^')}\n` : '';
  }
  if (d.remedy !== null) text += `${gutter} ${paint.dim('=')} ${visible(d.remedy)}\n`;
  return text;
}

function severityOf(d: Diagnostic, paint: Paint): string {
  switch (d.severity) {
    case 'error':
      return paint.bad('error');
    case 'warning':
      return paint.warn('warning');
    case 'note':
      return paint.dim('note');
  }
}

/** Relative to the current folder where that is shorter. */
function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path !== '' && !path.startsWith('..') ? path : file;
}

function linesOf(file: string): readonly string[] {
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > 4 * 2 ** 20) return [];
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return []; // the diagnostic itself says that the file cannot be read
  }
}
