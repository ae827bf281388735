import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReeveError } from '../../../src/core/errors.ts';
import { parseStrictJson } from '../../../src/core/strict-json.ts';

const parse = (text: string) => parseStrictJson(Buffer.from(text));

function refusal(
  input: string | Uint8Array,
  limits?: Parameters<typeof parseStrictJson>[1],
): ReeveError {
  try {
    parseStrictJson(Buffer.from(input as string), limits);
  } catch (error) {
    assert.ok(error instanceof ReeveError, `a ReeveError, not ${String(error)}`);
    return error;
  }
  assert.fail(`accepted: ${String(input).slice(0, 80)}`);
}

test('what JSON.stringify writes is read back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      let ours: unknown;
      try {
        ours = parse(text);
      } catch (error) {
        // Refused on purpose: halves of surrogate pairs, __proto__, whole numbers that change by being read.
        assert.match((error as Error).message, /surrogate|__proto__|whole number/);
        return;
      }
      assert.deepEqual(ours, JSON.parse(text));
    }),
  );
});

test('whatever JSON.parse refuses is refused', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0019-+.eEtrue nul\n\t') }),
      (text) => {
        let theirs: unknown;
        try {
          theirs = JSON.parse(text);
        } catch {
          assert.equal(refusal(text).code, 'INVALID_REQUEST');
          return;
        }
        try {
          assert.deepEqual(parse(text), theirs);
        } catch (error) {
          assert.ok(error instanceof ReeveError);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

const refused: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['nothing', '', /line 1, column 1: there is nothing/],
  ['blanks alone', ' \n ', /line 2, column 2: there is nothing/],
  ['a duplicate key', '{"a":1,"a":2}', /in \/a: this key is there twice/],
  ['a duplicate key by escapes', '{"a":1,"\\u0061":2}', /twice/],
  ['a duplicate key further in', '{"x":[{"b":1,"b":1}]}', /in \/x\/0\/b/],
  ['__proto__', '{"__proto__":{"admin":true}}', /"__proto__" is not taken/],
  ['__proto__ by escapes', '{"\\u005f_proto__":1}', /"__proto__" is not taken/],
  ['half a surrogate pair', '"\\ud800"', /surrogate/],
  ['half a surrogate pair in a key', '{"\\udc00":1}', /surrogate/],
  ['a raw control character', '"a\u0001b"', /control character/],
  ['a raw newline in a text', '"a\nb"', /control character/],
  ['a trailing comma', '[1,]', /line 1, column 4/],
  ['a comment', '/* */ 1', /no value/],
  ['single quotes', "{'a':1}", /a key is missing/],
  ['two values', '{} {}', /follows the end/],
  ['an unfinished object', '{"a":1', /goes on in no way/],
  ['an unfinished text', '"abc', /does not end/],
  ['a text that ends in a backslash', '"abc\\', /does not end/],
  ['a leading zero', '01', /follows/],
  ['a plus sign', '+1', /no value/],
  ['NaN', 'NaN', /no value/],
  ['a number without end', '1e999', /too large/],
  [
    'a whole number that would change',
    '{"id":9007199254740993}',
    /in \/id: this whole number would change/,
  ],
  ['one that is written with a fraction', '9007199254740993.0', /would change/],
  ['one that is written with an exponent', '90071992547409930e-1', /would change/],
  [
    'one that ends far behind its point',
    `9007199254740992.${'0'.repeat(500_000)}1`,
    /would change/,
  ],
  ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x31]), /byte order mark/],
  ['UTF-16', Buffer.from('{}', 'utf16le'), /cannot be read|UTF-8/],
  ['broken UTF-8', Buffer.from([0x22, 0xff, 0x22]), /not valid UTF-8/],
  ['a surrogate encoded as UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /not valid UTF-8/],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /not valid UTF-8/],
  ['a NUL between', '{"a":\u00001}', /no value/],
];
for (const [what, input, message] of refused) {
  test(`${what} is refused`, () => {
    const error = refusal(input);
    assert.equal(error.code, 'INVALID_REQUEST');
    assert.match(error.message, message);
  });
}

test('an escaped NUL is a character like others here: whether an argument may hold it is said elsewhere', () => {
  assert.equal(parse('"a\\u0000b"'), 'a\u0000b');
});

test('nesting ends at the limit, and a hundred thousand levels cost no stack', () => {
  const nested = (n: number) => '['.repeat(n) + ']'.repeat(n);
  assert.ok(parse(nested(32)));
  assert.match(refusal(nested(33)).message, /too deep/);
  assert.match(refusal('['.repeat(100_000)).message, /too deep/);
  assert.match(refusal('{"a":'.repeat(100_000)).message, /too deep/);
  assert.ok(parseStrictJson(Buffer.from(nested(64)), { maxDepth: 64 }));
});

test('size ends at the limit, which the message names', () => {
  const text = JSON.stringify('x'.repeat(100));
  assert.ok(parseStrictJson(Buffer.from(text), { maxBytes: 102 }));
  const error = refusal(text, { maxBytes: 101 });
  assert.equal(error.code, 'PAYLOAD_TOO_LARGE');
  assert.match(error.message, /101 bytes/);
  assert.equal(refusal(new Uint8Array(2 ** 20 + 1)).code, 'PAYLOAD_TOO_LARGE');
});

test('a message does not grow with the request', () => {
  const key = 'k'.repeat(100_000);
  const error = refusal(`{"${key}":{"${key}":?}}`);
  assert.ok(error.message.length < 1_000);
  assert.ok(JSON.stringify(error.details).length < 1_000);
});

test('a large text with many escapes is read in one piece', () => {
  const text = 'é\\"\n\u{1f600}'.repeat(40_000);
  assert.equal(parse(JSON.stringify(text)), text);
});

test('names that objects have by nature are keys like any other', () => {
  const value = parse('{"constructor":1,"toString":2,"hasOwnProperty":3,"length":4}') as Record<
    string,
    unknown
  >;
  assert.deepEqual(Object.keys(value), ['constructor', 'toString', 'hasOwnProperty', 'length']);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});
