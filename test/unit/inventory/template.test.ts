/** Templates: a token gives exactly the arguments that it says, whatever the values are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../../src/core/json.ts';
import { renderTemplate } from '../../../src/inventory/render.ts';
import { parseText, writeParts } from '../../../src/inventory/template.ts';
import { validatorOf } from '../../../src/inventory/validators.ts';
import { argvOf, house } from './house.ts';

test('braces are written twice, and anything else in them is a name', () => {
  const table: [string, string | null][] = [
    ['plain', 'plain'],
    ['', ''],
    ['{a}', '<a>'],
    ['--x={a}/{b}', '--x=<a>/<b>'],
    ['{{a}}', '{a}'],
    ['{{{a}}}', '{<a>}'],
    ['}}{{', '}{'],
    ['{environment}', '<environment>'],
    ['{', null],
    ['}', null],
    ['{}', null],
    ['{a', null],
    ['{a b}', null],
    ['{a{b}', null],
    ['{__proto__}', null],
    ['{0}', null],
  ];
  for (const [text, expected] of table) {
    const parsed = parseText(text);
    const got = parsed.ok
      ? parsed.parts.map((p) => (p.kind === 'text' ? p.text : `<${p.name}>`)).join('')
      : null;
    assert.equal(got, expected, text);
    if (parsed.ok) assert.equal(writeParts(parsed.parts), text);
  }
});

test('argv | values | why', async (t) => {
  const at = house(t);
  const command = at.command(`
run: [/usr/bin/printf, "{a}", "x={b}", { flag: -v, when: loud }, { option: --name, value: "n:{name}" }, "{n}", "{a}{b}", { spread: rest }, "{{a}}", "{environment}"]
parameters:
  a: { type: string }
  b: { type: string, default: B }
  loud: { type: boolean }
  name: { type: string }
  n: { type: integer, default: 0 }
  rest: { type: array, items: { type: string } }
required: [a]`);
  const dash = 'would begin with "-"';
  const table: [JsonObject, readonly string[] | string, string][] = [
    [{ a: 'A' }, ['A', 'x=B', '0', 'AB', '{a}', 'development'], 'defaults, nothing optional'],
    [
      { a: 'A', loud: true },
      ['A', 'x=B', '-v', '0', 'AB', '{a}', 'development'],
      'a flag that is true',
    ],
    [
      { a: 'A', loud: false },
      ['A', 'x=B', '0', 'AB', '{a}', 'development'],
      'a flag that is false',
    ],
    [
      { a: 'A', name: 'N' },
      ['A', 'x=B', '--name', 'n:N', '0', 'AB', '{a}', 'development'],
      'an option that is given',
    ],
    [
      { a: 'A', name: '' },
      ['A', 'x=B', '--name', 'n:', '0', 'AB', '{a}', 'development'],
      'an empty value is a value',
    ],
    [
      { a: 'A', rest: ['1', '', '2 3'] },
      ['A', 'x=B', '0', 'AB', '1', '', '2 3', '{a}', 'development'],
      'an argument for each element',
    ],
    [
      { a: '{b}', b: '$(id)' },
      ['{b}', 'x=$(id)', '0', '{b}$(id)', '{a}', 'development'],
      'a value is never expanded again',
    ],
    [{ a: 'A', n: -5 }, ['A', 'x=B', '-5', 'AB', '{a}', 'development'], 'numbers may be negative'],
    [
      { a: 'A', b: '-x' },
      ['A', 'x=-x', '0', 'A-x', '{a}', 'development'],
      'a dash behind fixed text is no option',
    ],
    [{ a: '-x' }, dash, 'a value must not become an option'],
    [{ a: '', b: '-x' }, dash, 'nor after an empty one'],
    [{ a: 'A', rest: ['ok', '--output=/x'] }, dash, 'nor an element'],
    [{ a: 'A', rest: ['-'] }, dash, 'a lone dash means standard input to many programs'],
    [{}, 'a is missing', 'required'],
    [{ a: 'A', c: 1 }, 'c is not an argument', 'unknown'],
    [{ a: 'A', name: 'a\u0000b' }, 'U+0000', 'NUL'],
    [{ a: 'A\nB' }, 'U+000A', 'newline'],
    [{ a: 'safe\u202egnp.sh' }, 'U+202E', 'text that turns'],
    [{ a: '\ud800' }, 'half of a character', 'lone surrogate'],
    [
      { a: 'naïve 日本語 😀' },
      ['naïve 日本語 😀', 'x=B', '0', 'naïve 日本語 😀B', '{a}', 'development'],
      'any other text is fine',
    ],
    [
      { a: 'x'.repeat(4096) },
      ['x'.repeat(4096), 'x=B', '0', `${'x'.repeat(4096)}B`, '{a}', 'development'],
      'as long as may be',
    ],
    [{ a: 'x'.repeat(4097) }, 'more than 4096 characters', 'longer'],
    [{ a: 'x'.repeat(3_000_000) }, 'far too long', 'absurd'],
    [{ a: { toString: 'x' } }, 'must be text, and is a map', 'wrong type'],
    [{ a: ['x'] }, 'must be text, and is a list', 'wrong type'],
    [{ a: null }, 'must be text, and is empty', 'wrong type'],
    [{ a: 'A', n: 1.5 }, 'must be a whole number', 'wrong type'],
    [{ a: 'A', n: 1e21 }, 'cannot be passed on exactly', 'no exact form'],
    [{ a: 'A', n: '5' }, 'must be a whole number', 'nothing is converted'],
    [{ a: 'A', loud: 'true' }, 'must be true or false', 'nothing is converted'],
  ];
  for (const [values, expected, why] of table) {
    const got = await argvOf(at, command, values);
    if (typeof expected === 'string')
      assert.ok(
        typeof got === 'string' && got.startsWith('INVALID_REQUEST') && got.includes(expected),
        `${why}: ${got}`,
      );
    else assert.deepEqual(got, expected, why);
  }
});

test('allowLeadingDash lets text begin with a dash, and nothing else does', async (t) => {
  const at = house(t);
  const command = at.command(`
run: [/usr/bin/printf, --, "{a}", "{b}-end"]
parameters: { a: { type: string, allowLeadingDash: true }, b: { type: string } }
required: [a, b]`);
  assert.deepEqual(await argvOf(at, command, { a: '-x', b: 'B' }), ['--', '-x', 'B-end']);
  assert.match(String(await argvOf(at, command, { a: 'x', b: '' })), /"-end" would begin with "-"/);
});

test('too long an argument, or too many, is refused before the kernel would', async (t) => {
  const at = house(t);
  const command = at.command(`
run: [/usr/bin/printf, "{a}", { spread: rest }]
parameters:
  a: { type: string, maxLength: 200000, default: x }
  rest: { type: array, maxItems: 1000, items: { type: string } }`);
  assert.match(
    String(await argvOf(at, command, { a: 'x'.repeat(131_072) })),
    /INVALID_REQUEST.*131072 bytes/,
  );
  assert.equal((await argvOf(at, command, { a: 'x'.repeat(131_071) })).length, 1);
  assert.match(String(await argvOf(at, command, { a: 'é'.repeat(66_000) })), /132000 bytes/);
  assert.match(
    String(await argvOf(at, command, { rest: Array(1000).fill('x'.repeat(2000)) })),
    /altogether/,
  );
});

test('names that mean something to JavaScript are only names', async (t) => {
  const at = house(t);
  const command = at.command(`
run: [/usr/bin/printf, "{kind}", { option: -t, value: "{toString}" }]
parameters: { kind: { type: string, enum: [prod, staging] }, toString: { type: string } }
required: [kind]`);
  for (const kind of ['constructor', '__proto__', 'hasOwnProperty', 'toString']) {
    assert.match(String(await argvOf(at, command, { kind })), /not one of the values/);
  }
  assert.match(
    String(await argvOf(at, command, JSON.parse('{"kind":"prod","__proto__":{"shell":true}}'))),
    /"?__proto__"? is not an argument/,
  );
  assert.match(
    String(await argvOf(at, command, JSON.parse('{"__proto__":{"kind":"prod"}}'))),
    /kind is missing/,
  );
  assert.match(
    String(await argvOf(at, command, { kind: 'prod', constructor: 'x' } as never)),
    /not an argument/,
  );
  // An inherited property is not an argument.
  assert.match(
    String(await argvOf(at, command, Object.create({ kind: 'prod' }))),
    /kind is missing/,
  );
  assert.deepEqual(await argvOf(at, command, { kind: 'prod' }), ['prod']);
  assert.deepEqual(await argvOf(at, command, { kind: 'prod', toString: 'x' } as never), [
    'prod',
    '-t',
    'x',
  ]);
});

test('for any values: never more nor fewer arguments than declared, and each value whole in its place', (t) => {
  const at = house(t);
  const command = at.command(`
run: [/usr/bin/printf, "{a}", "p{a}q{n}", { flag: -f, when: f }, { option: -o, value: "{o}" }, { spread: r }]
parameters:
  a: { type: string }
  n: { type: number }
  f: { type: boolean }
  o: { type: string }
  r: { type: array, items: { type: string } }
required: [a, n]`);
  const { properties, check } = validatorOf(command);
  const text = fc.string({ unit: 'binary', maxLength: 12 });
  const values = fc.record(
    { a: text, n: fc.double(), f: fc.boolean(), o: text, r: fc.array(text, { maxLength: 4 }) },
    { requiredKeys: ['a', 'n'] },
  );
  fc.assert(
    fc.property(values, (given) => {
      const checked = check(given as JsonObject);
      if (!checked.ok) return;
      const rendered = renderTemplate(command.template, {
        values: checked.arguments,
        environment: 'development',
        properties,
      });
      if (!rendered.ok) {
        assert.ok([given.a, given.o ?? '', ...(given.r ?? [])].some((v) => v.startsWith('-')));
        return;
      }
      const { a, n, f, o, r } = given;
      assert.deepEqual(rendered.argv, [
        a,
        `p${a}q${n}`,
        ...(f === true ? ['-f'] : []),
        ...(o === undefined ? [] : ['-o', o]),
        ...(r ?? []),
      ]);
    }),
    { numRuns: 500 },
  );
});
