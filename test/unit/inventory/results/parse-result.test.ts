/** Standard output as it was declared: what is read, and what is a problem and never a value. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StreamOutput } from '../../../../src/core/execution.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/json.ts';
import type { ResultForm, StructuredResult } from '../../../../src/core/result.ts';
import { maxLines } from '../../../../src/inventory/results/json-forms.ts';
import { maxResultBytes, parseResult } from '../../../../src/inventory/results/parse-result.ts';

const stream = (bytes: string | Uint8Array, truncated = false): StreamOutput => {
  const kept = Buffer.from(bytes as string);
  return { bytes: kept, total: kept.length, truncated };
};
const read = (
  from: ResultForm,
  bytes: string | Uint8Array,
  schema: JsonObject = {},
): StructuredResult => parseResult({ from, schema }, stream(bytes));

const holds = (result: StructuredResult, value: JsonValue, why?: string) =>
  assert.deepEqual(result, { structured: value, structuredProblem: null }, why);
const fails = (result: StructuredResult, problem: RegExp, why?: string) => {
  assert.equal(result.structured, null, why);
  assert.match(String(result.structuredProblem), problem, why);
  assert.ok(!/[\p{Cc}\u2028-\u202e]/u.test(String(result.structuredProblem)), why);
  assert.ok(String(result.structuredProblem).length < 1_000, why);
};

test('a command that declares no result has neither a value nor a problem', () => {
  assert.deepEqual(parseResult(null, stream('{')), { structured: null, structuredProblem: null });
});

test('json: one value, with blanks around it at most', () => {
  holds(read('json', '{"a":[1,"b",true,null]}\n'), { a: [1, 'b', true, null] });
  holds(read('json', ' \t\r\n"text" \n'), 'text');
  holds(read('json', 'false'), false);
  holds(read('json', '0'), 0);
});

test('bytes | problem | why', () => {
  const table: [string | Uint8Array, RegExp, string][] = [
    ['', /is empty/, 'nothing'],
    [' \n\t', /is empty/, 'blanks'],
    ['null', /is null, which is no result/, 'JSON null'],
    ['{"a":1}{"a":2}', /something follows the end/, 'two values'],
    ['{"a":1}\n{"a":2}\n', /something follows the end.*line 2/, 'two lines'],
    ['log\n{"a":1}', /no value \(line 1/, 'a line before'],
    ['{"a":1,"a":2}', /this key is there twice/, 'a member twice'],
    ['{"a":1,"\\u0061":2}', /this key is there twice/, 'a member twice, disguised'],
    ['{"__proto__":{}}', /__proto__/, 'a member of the language'],
    ['{"\\u005f_proto__":{}}', /__proto__/, 'the same, disguised'],
    ['\ufeff{}', /byte order mark/, 'a byte order mark'],
    [Buffer.from([0x22, 0xff, 0x22]), /is not UTF-8/, 'no UTF-8'],
    [Buffer.from([0xff, 0xfe, 0x7b, 0, 0x7d, 0]), /is not UTF-8/, 'UTF-16'],
    ['"\\ud800"', /half of a surrogate pair/, 'half of a character'],
    ['NaN', /no value/, 'no number'],
    ['1e400', /too large/, 'infinity'],
    ['12345678901234567890', /would change by being read/, 'a number that changes'],
    ["{'a':1}", /key is missing/, 'no JSON'],
    ['{"a":1,}', /key is missing/, 'a comma too many'],
    ['{"a":1', /object goes on/, 'cut short'],
    ['\u001b[31m{"a":1}', /no value/, 'colours'],
    ['"a\u0000b"', /raw control character/, 'NUL'],
    ['['.repeat(100_000), /nesting is too deep/, 'a tower'],
    ['x'.repeat(maxResultBytes + 1), /has 1048577 bytes, and at most 1048576/, 'too much'],
  ];
  for (const [bytes, problem, why] of table) fails(read('json', bytes), problem, why);
});

test('nothing is read of output that was cut, even where it looks whole', () => {
  for (const from of ['json', 'json-lines', 'loco-log', 'loco-tasks'] as const)
    fails(parseResult({ from, schema: {} }, stream('{}', true)), /was cut/);
});

test('json-lines: a value a line; no line is an empty list', () => {
  holds(read('json-lines', ''), []);
  holds(read('json-lines', '{"a":1}\n[2]\r\nnull\n'), [{ a: 1 }, [2], null]);
  holds(read('json-lines', '1\n2'), [1, 2]);
  fails(read('json-lines', '1\n\n2\n'), /line 2 of standard output .* there is nothing/);
  fails(read('json-lines', '\n'), /line 1/);
  fails(read('json-lines', '1 2\n'), /line 1 .* something follows/);
  fails(read('json-lines', '1\nprogress 50%\n'), /line 2 .*no value/);
  fails(read('json-lines', '1\n'.repeat(maxLines + 1)), /more than 20000 lines/);
  holds(
    read('json-lines', '1\n'.repeat(maxLines), { maxItems: maxLines }),
    Array(maxLines).fill(1),
  );
});

test('schema | value | problem or none', () => {
  const closed: JsonObject = {
    type: 'object',
    properties: { a: { type: 'integer', minimum: 0 }, b: { type: 'string', pattern: '^x+$' } },
    required: ['a'],
    additionalProperties: false,
  };
  const table: [JsonObject, string, RegExp | null][] = [
    [closed, '{"a":1}', null],
    [closed, '{"a":1,"b":"xx"}', null],
    [closed, '{}', /the value has no member a/],
    [closed, '{"a":-1}', /\/a must be >= 0/],
    [closed, '{"a":"1"}', /\/a must be integer/],
    [closed, '{"a":1,"b":"y"}', /\/b does not match its pattern/],
    [closed, '{"a":1,"c\\u001b[2J\\u202e":0}', /a member c\S+ that is not declared/],
    [closed, '[1]', /the value must be object/],
    [{ enum: ['a', 'b'] }, '"c"', /is not one of the values/],
    [{ const: { v: 1 } }, '{"v":2}', /is not the value/],
    [{ oneOf: [{ type: 'integer' }, { type: 'number' }] }, '1', /must match exactly one/],
    [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, '"a"', null],
    [{ type: ['array', 'null'] }, '[]', null],
    [{ prefixItems: [{ const: 1 }], items: false }, '[1,2]', /must NOT have more than 1 items/],
    [{ properties: { toString: { type: 'string' } } }, '{}', null],
    [{ required: ['toString'] }, '{}', /has no member toString/],
  ];
  for (const [schema, text, problem] of table) {
    const result = read('json', text, schema);
    if (problem === null) holds(result, JSON.parse(text) as JsonValue, text);
    else fails(result, problem, text);
  }
});

test('a value that its pattern takes for ever to compare ends as a problem', () => {
  const schema = { type: 'string', pattern: '^(?:a+)+$' };
  fails(read('json', `"${'a'.repeat(60)}b"`, schema), /too long to compare/);
});

test('what is read is the value and cannot be changed; what another parser refuses is never a value', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const result = read('json', text);
      const value = JSON.parse(text) as JsonValue;
      if (result.structured === null) assert.ok(result.structuredProblem !== null);
      else {
        assert.deepEqual(result.structured, value);
        assert.ok(typeof value !== 'object' || Object.isFrozen(result.structured));
      }
    }),
  );
  const shreds = fc.array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      'u00',
      '1',
      'e',
      '-',
      'null',
      ' ',
      '\n',
      'a',
      '\u2028',
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(shreds, (parts) => {
      const text = parts.join('');
      const result = read('json', text);
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return fails(result, /./, text);
      }
      if (result.structured !== null) assert.deepEqual(result.structured, value);
    }),
  );
});

test('whatever bytes come, each form answers with a value or a problem, and never throws', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<ResultForm>('json', 'json-lines', 'loco-log', 'loco-tasks'),
      fc.uint8Array({ maxLength: 200 }),
      (from, bytes) => {
        const { structured, structuredProblem } = read(from, bytes);
        assert.notEqual(structured === null, structuredProblem === null);
      },
    ),
  );
});
