/** Text that people read: what must never reach a terminal or an eye raw. */

const unsafe =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Characters that argument values may not hold: control characters, and marks that turn or hide text. */
export const forbiddenInArguments =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** The text with every control, bidirectional and invisible character written as `\u{…}`; newline and tab stay. */
export function visible(text: string): string {
  return text.replace(unsafe, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`).toWellFormed();
}

/** Like `visible`, on one line. */
export function visibleLine(text: string): string {
  return visible(text).replace(/[\n\t]/g, (c) => (c === '\n' ? '\\n' : '\\t'));
}
