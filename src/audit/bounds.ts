/**
 * Keeps entries small. In: text and lists of any length, from anywhere. Out: well-formed text that takes no more than so
 * many bytes in an entry, with a mark where something was cut. Must never: throw, or let an outcome be too long to record.
 */

/** Bytes in the canonical JSON of an entry, escapes counted. The sum of one entry's stays far below `maxEntryBytes`. */
export const bounds = Object.freeze({ name: 512, message: 8_192, list: 16_384, files: 32_768 });

/** The text, or as much of its beginning as fits, and how many characters are missing. */
export function bounded(text: string, bytes: number): string {
  // A UTF-16 unit takes one byte at least and an escape of six at most: a huge text is never looked at whole.
  if (text.length <= bytes) {
    const whole = text.toWellFormed();
    if (whole.length * 6 <= bytes || encodedSize(whole) <= bytes) return whole;
  }
  const room = bytes - 48;
  let used = 0;
  let end = 0;
  const beginning = text.slice(0, bytes).toWellFormed();
  for (const character of beginning) {
    used += encodedSize(character);
    if (used > room) break;
    end += character.length;
  }
  return `${beginning.slice(0, end)}… [cut: ${text.length - end} more characters]`;
}

/** As many items, in order, as fit; a last item says how many were left out. */
export function boundedTexts(items: readonly string[], bytes: number): readonly string[] {
  const kept: string[] = [];
  let used = 0;
  for (const item of items) {
    const text = bounded(item, bounds.name);
    used += encodedSize(text) + 3;
    if (used > bytes) break;
    kept.push(text);
  }
  const missing = items.length - kept.length;
  return missing === 0 ? kept : [...kept, `… [cut: ${missing} more]`];
}

/** As many items, in order, as fit, and how many were left out. */
export function boundedItems<T>(
  items: readonly T[],
  bytes: number,
): { readonly kept: readonly T[]; readonly leftOut: number } {
  let used = 0;
  const over = items.findIndex((item) => {
    used += Buffer.byteLength(JSON.stringify(item)) + 1;
    return used > bytes;
  });
  const kept = over === -1 ? items : items.slice(0, over);
  return { kept, leftOut: items.length - kept.length };
}

function encodedSize(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
