/**
 * The forms in which a secret may show up in output. In: its value. Out: the byte sequences to look for, the shortest of
 * four bytes. Pure. What a command disguises on purpose (reversed, compressed, split over two streams) is not among them.
 */
import { isUtf8 } from 'node:buffer';
import { secretBytes } from '../../core/secret.ts';

/** Lines of a secret of several lines are looked for by themselves from this many characters on. */
const shortestLine = 8;
/** Of larger values single lines are looked for as they are only: each has some ten forms, and all must be found at once. */
const mostForLines = 16 * 1024;
/** Where `base64`, MIME and PEM break their lines: whole groups of three bytes, so each line reads as without. */
const wrapped = [76, 64];

/** Everything to look for, without duplicates. */
export function formsOf(value: Uint8Array): readonly Buffer[] {
  const found = new Map<string, Buffer>();
  const add = (form: Buffer): void => {
    if (form.length >= secretBytes.fewest) found.set(form.toString('latin1'), form);
  };
  for (const form of encoded(withoutOuterNewlines(Buffer.from(value)))) add(form);
  for (const line of linesOf(value)) {
    for (const form of value.length <= mostForLines ? encoded(line) : [line]) add(form);
  }
  return [...found.values()];
}

/** With them, the place where output was cut could complete a value. */
function withoutOuterNewlines(value: Buffer): Buffer {
  let from = 0;
  let to = value.length;
  while (from < to && isNewline(value[from]!)) from++;
  while (to > from && isNewline(value[to - 1]!)) to--;
  return to - from >= secretBytes.fewest ? value.subarray(from, to) : value;
}

const isNewline = (byte: number): boolean => byte === 0x0a || byte === 0x0d;

function linesOf(value: Uint8Array): readonly Buffer[] {
  if (!isUtf8(value)) return [];
  const lines = Buffer.from(value)
    .toString()
    .split(/[\r\n]+/);
  if (lines.length < 2) return [];
  return lines.filter((line) => line.length >= shortestLine).map((line) => Buffer.from(line));
}

function encoded(value: Buffer): readonly Buffer[] {
  const hex = value.toString('hex');
  return [
    value,
    ...[
      hex,
      hex.toUpperCase(),
      ...base64Of(value),
      ...percentEncoded(value),
      ...jsonEscaped(value),
    ].map((text) => Buffer.from(text)),
  ];
}

/**
 * The characters that the value alone decides, for each of the three places in a group where it may begin: whatever
 * stands around it, and however it is padded.
 */
function base64Of(value: Buffer): readonly string[] {
  const standard = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), value])
      .toString('base64')
      .replace(/=+$/, '');
    const first = Math.ceil((before * 8) / 6);
    const decided = Math.floor(((before + value.length) * 8) / 6);
    // The second is how it ends where nothing follows: the last bits are in one character more.
    return [text.slice(first, decided), text.slice(first)];
  });
  const whole = standard[1]!;
  for (const width of wrapped) {
    if (whole.length <= width) continue;
    for (let at = 0; at < whole.length; at += width) {
      const line = whole.slice(at, at + width);
      if (line.length >= shortestLine) standard.push(line);
    }
  }
  return [...standard, ...standard.map((t) => t.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** What each usual encoder leaves as it is, besides letters and digits. */
const leftAlone = [
  "-_.!~*'()", // encodeURIComponent
  '-_.~', // RFC 3986
  '-_.~/', // urllib.parse.quote
  "-_.!~*'();/?:@&=+$,#", // encodeURI
  '-_.*', // forms, without their plus
];

function percentEncoded(value: Buffer): readonly string[] {
  const forms: string[] = [];
  const add = (kept: (byte: number) => boolean, plus: boolean): void => {
    let text = '';
    for (const byte of value) {
      if (plus && byte === 0x20) text += '+';
      else if (kept(byte)) text += String.fromCharCode(byte);
      else text += `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
    }
    forms.push(
      text,
      text.replace(/%[0-9A-F]{2}/g, (triple) => triple.toLowerCase()),
    );
  };
  for (const marks of leftAlone) {
    const kept = new Set([...marks].map((c) => c.charCodeAt(0)));
    const keeps = (byte: number): boolean => kept.has(byte) || isAlphanumeric(byte);
    add(keeps, false);
    if (marks === '-_.*') add(keeps, true);
  }
  add(() => false, false);
  return forms;
}

function isAlphanumeric(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a)
  );
}

/** What encoders escape besides what they must: all but ASCII, what HTML would read, and all of that. */
const escapedToo = [/[\u007f-\uffff]/, /[<>&\u2028\u2029]/, /[<>&'"+`\u007f-\uffff]/];

function jsonEscaped(value: Buffer): readonly string[] {
  if (!isUtf8(value)) return [];
  const text = value.toString();
  const forms = [JSON.stringify(text).slice(1, -1)];
  for (const more of escapedToo.filter((pattern) => pattern.test(text))) {
    for (const upper of [false, true]) {
      forms.push(
        text
          .split('')
          .map((unit) => (more.test(unit) ? escapeOf(unit, upper) : jsonUnit(unit)))
          .join(''),
      );
    }
  }
  return text.includes('/')
    ? [...forms, ...forms.map((form) => form.replaceAll('/', '\\/'))]
    : forms;
}

function jsonUnit(unit: string): string {
  // Half a character by itself would be escaped, and here its other half follows.
  return unit >= '\ud800' && unit <= '\udfff' ? unit : JSON.stringify(unit).slice(1, -1);
}

function escapeOf(unit: string, upper: boolean): string {
  const code = unit.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${upper ? code.toUpperCase() : code}`;
}
