/** JSON on standard output: one value, or one a line. In: UTF-8. Out: the value, or what is wrong and in which line. */
import { ReeveError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { parseStrictJson } from '../../core/strict-json.ts';

/** What was read of a text, or why nothing was. */
export type Read =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problem: string };

/** Lines of json-lines and of a log that are read. */
export const maxLines = 20_000;

export function readJson(bytes: Buffer): Read {
  if (bytes.toString('latin1').trim() === '')
    return { ok: false, problem: 'standard output is empty, and was to be one JSON value' };
  return strictly(bytes, 'standard output is not one JSON value');
}

/** A list of the values, one a line; the last line may end without a newline. An empty line is no value. */
export function readJsonLines(bytes: Buffer): Read {
  const lines = linesOf(bytes);
  if (lines === null) return { ok: false, problem: tooManyLines };
  const values: JsonValue[] = [];
  for (const [index, line] of lines.entries()) {
    const read = strictly(line, `line ${index + 1} of standard output is not one JSON value`);
    if (!read.ok) return read;
    values.push(read.value);
  }
  return { ok: true, value: values };
}

export const tooManyLines = `standard output has more than ${maxLines} lines, and no more are read`;

/** Lines without their end, `\n` or `\r\n`; null where there are too many. */
export function linesOf(bytes: Buffer): readonly Buffer[] | null {
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    if (lines.length === maxLines) return null;
    const found = bytes.indexOf(0x0a, from);
    const end = found < 0 ? bytes.length : found;
    const cut = end > from && found >= 0 && bytes[end - 1] === 0x0d ? end - 1 : end;
    lines.push(bytes.subarray(from, cut));
    from = end + 1;
  }
  return lines;
}

/** The value of one JSON text. */
export function strictly(bytes: Buffer, failure: string): Read {
  try {
    return { ok: true, value: parseStrictJson(bytes) };
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    const [detail] = error.details;
    const where = /at (line \d+, column \d+)/.exec(error.message)?.[1];
    return {
      ok: false,
      problem: `${failure}: ${detail?.problem ?? 'malformed'}${where === undefined ? '' : ` (${where})`}`,
    };
  }
}
