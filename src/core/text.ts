/** Text that people read: what must never reach a terminal or an eye raw. */

/**
 * Characters that hide, turn or change what stands beside them: control characters but newline and tab, bidirectional
 * marks, everything that is drawn as nothing. Pages use the very same expression.
 */
export const unsafeCharacters =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\u2800\ufff9-\ufffb\p{Default_Ignorable_Code_Point}]|[\u{e0000}-\u{e007f}]/gu;

/** Characters that argument values may not hold: control characters, and marks that turn or hide text. */
export const forbiddenInArguments =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** The text with every control, bidirectional and invisible character written as `\u{…}`; newline and tab stay. */
export function visible(text: string): string {
  return text
    .replace(unsafeCharacters, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
    .toWellFormed();
}

/** Like `visible`, on one line. */
export function visibleLine(text: string): string {
  return visible(text).replace(/[\n\t]/g, (c) => (c === '\n' ? '\\n' : '\\t'));
}
