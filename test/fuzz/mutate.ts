/**
 * Texts made worse. In: texts that are right, and words that hurt. Out: generators of texts and bytes near them, which
 * shrink towards the right one.
 */
import fc from 'fast-check';

/** Names that mean something to JavaScript, characters that mean something to somebody, numbers of every size. */
export const hostileTexts: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '',
  ' ',
  '\u0000',
  '\ufeff',
  '\u202e',
  '\u2028',
  '\u0085',
  '\r',
  '\n',
  '\t',
  '\u001b[2J',
  '\ufffd',
  '😀',
  'ﬀ',
  'İ',
  '-',
  '--',
  '--help',
  '-rf',
  '../..',
  '/etc/passwd',
  '/workspace/../etc',
  '~',
  '.',
  '{environment}',
  '{{',
  '}',
  '{',
  '$(id)',
  '`id`',
  ';id',
  "'",
  '"',
  '\\',
  '%00',
  '%',
  '0',
  '-0',
  '1e400',
  '-1e-400',
  '9007199254740993',
  '99999999999999999999999999',
  '0x10',
  '1_000',
  'NaN',
  'Infinity',
  'null',
  'true',
  'a'.repeat(70),
  'a'.repeat(300),
  '🜁'.repeat(200),
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 24 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ maxLength: 12 }),
  // Half characters: no byte sequence has them, JSON escapes do.
  fc.constantFrom('\ud800', 'a\udfff', '\udc00\ud800'),
  fc.integer({ min: 1, max: 20_000 }).map((n) => 'x'.repeat(n)),
);

type Op =
  | { readonly kind: 'delete'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | {
      readonly kind: 'repeat';
      readonly at: number;
      readonly length: number;
      readonly times: number;
    }
  | { readonly kind: 'move'; readonly at: number; readonly length: number; readonly to: number }
  | { readonly kind: 'cut'; readonly at: number }
  | {
      readonly kind: 'line';
      readonly at: number;
      readonly how: 'twice' | 'away' | 'indent' | 'dedent';
    }
  | { readonly kind: 'value'; readonly at: number; readonly text: string };

const place = fc.nat(9_999);

/** One of the texts, changed in up to eight places. `words` are what the format itself is made of. */
export function mutated(texts: readonly string[], words: readonly string[]): fc.Arbitrary<string> {
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...words) },
    { weight: 1, arbitrary: hostileText },
  );
  const op: fc.Arbitrary<Op> = fc.oneof(
    fc.record({ kind: fc.constant('delete' as const), at: place, length: fc.nat(40) }),
    fc.record({ kind: fc.constant('insert' as const), at: place, text: word }),
    fc.record({
      kind: fc.constant('repeat' as const),
      at: place,
      length: fc.nat(60),
      times: fc.constantFrom(1, 1, 2, 3, 50, 500),
    }),
    fc.record({ kind: fc.constant('move' as const), at: place, length: fc.nat(200), to: place }),
    fc.record({ kind: fc.constant('cut' as const), at: place }),
    fc.record({
      kind: fc.constant('line' as const),
      at: place,
      how: fc.constantFrom('twice', 'away', 'indent', 'dedent'),
    }),
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('value' as const), at: place, text: word }),
    },
  );
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(op, { maxLength: 8 }))
    .map(([text, ops]) => ops.reduce(apply, text));
}

function apply(text: string, op: Op): string {
  const at = Math.floor((op.at / 10_000) * (text.length + 1));
  switch (op.kind) {
    case 'delete':
      return text.slice(0, at) + text.slice(at + op.length);
    case 'insert':
      return text.slice(0, at) + op.text + text.slice(at);
    case 'repeat':
      return text.slice(0, at) + text.slice(at, at + op.length).repeat(op.times) + text.slice(at);
    case 'move': {
      const part = text.slice(at, at + op.length);
      const rest = text.slice(0, at) + text.slice(at + op.length);
      const to = Math.floor((op.to / 10_000) * (rest.length + 1));
      return rest.slice(0, to) + part + rest.slice(to);
    }
    case 'cut':
      return text.slice(0, at);
    case 'line': {
      const lines = text.split('\n');
      const index = Math.floor((op.at / 10_000) * lines.length);
      const line = lines[index]!;
      const put = {
        twice: [line, line],
        away: [],
        indent: [`  ${line}`],
        dedent: [line.replace(/^ {1,2}/, '')],
      }[op.how];
      return lines.toSpliced(index, 1, ...put).join('\n');
    }
    case 'value': {
      // The next scalar from here on, whole: what keeps the form and changes the meaning.
      const rest = /[A-Za-z0-9_./-]+/g;
      rest.lastIndex = at;
      const found = rest.exec(text);
      if (found === null) return text + op.text;
      return text.slice(0, found.index) + op.text + text.slice(found.index + found[0].length);
    }
  }
}

/** The bytes of such a text, some of them changed: UTF-8 only where nothing hit it. */
export function mutatedBytes(texts: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const hit = fc.tuple(place, fc.oneof(fc.nat(255), fc.constantFrom(0, 0x80, 0xc0, 0xed, 0xff)));
  return fc.tuple(texts, fc.array(hit, { maxLength: 3 })).map(([text, hits]) => {
    const bytes = Uint8Array.from(Buffer.from(text));
    for (const [at, value] of hits)
      if (bytes.length > 0) bytes[Math.floor((at / 10_000) * bytes.length)] = value;
    return bytes;
  });
}

/** Text cut into chunks of bytes, anywhere. */
export function chunked(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((c) => Math.floor((c / 10_000) * bytes.length)).sort((a, b) => a - b);
  const ends = [...places, bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}
export const cuts: fc.Arbitrary<number[]> = fc.array(place, { maxLength: 8 });
