/** JSON on standard input: what a template promises, exactly; and what none may be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonTemplate } from '../../../../src/core/command.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../../../../src/core/json.ts';
import {
  maxJsonInput,
  renderJson,
  renderStdin,
} from '../../../../src/inventory/stdin/render-stdin.ts';
import { house, invoke, rules, verdict } from '../house.ts';

const parameters = `parameters:
  steps: { type: integer, minimum: 1, maximum: 100 }
  name: { type: string, maxLength: 2000000 }
  always: { type: string, default: d }
  ratio: { type: number }
  force: { type: boolean }
  names: { type: array, items: { type: string } }
  path: { type: string, format: workspace-path }`;
const using = (json: string, rest = '') =>
  `run: [/usr/bin/cat]\nstdin: { json: ${json} }\n${parameters}\n${rest}`;
/** A template that uses what the table does not, so that nothing is unused. */
const also = (json: string) =>
  `{ it: ${json}, unused: { steps: "{steps}", name: "{name}", ratio: "{ratio}", force: "{force}", names: "{names}", path: "{path}", always: "{always}" } }`;

test('template | arguments | bytes | why', async (t) => {
  const at = house(t);
  const table: [string, JsonObject, string, string][] = [
    ['{ a: 1, b: [true, null, x] }', {}, '{"a":1,"b":[true,null,"x"]}', 'fixed values'],
    ['{ s: "{steps}" }', { steps: 3 }, '{"s":3}', 'a number stays a number'],
    ['{ s: "{steps}" }', {}, '{}', 'a member goes with its parameter'],
    ['{ s: { t: "{steps}" } }', {}, '{"s":{}}', 'its object stays'],
    ['{ s: "{force}" }', { force: false }, '{"s":false}', 'false is a value'],
    ['{ s: "{ratio}" }', { ratio: 1e21 }, '{"s":1e+21}', 'as RFC 8785 writes it'],
    ['{ s: "{names}" }', { names: ['a', '{b}'] }, '{"s":["a","{b}"]}', 'a list whole'],
    ['{ s: "{names}" }', { names: [] }, '{"s":[]}', 'an empty list is a value'],
    ['{ s: "x{always}y" }', {}, '{"s":"xdy"}', 'part of a text'],
    ['{ s: "{{{always}}}" }', { always: '}' }, '{"s":"{}}"}', 'braces'],
    ['{ s: "{{always}}" }', {}, '{"s":"{always}"}', 'no hole at all'],
    ['{ s: "{name}" }', { name: '{steps}' }, '{"s":"{steps}"}', 'never filled twice'],
    ['{ s: "{name}" }', { name: '","x":"' }, '{"s":"\\",\\"x\\":\\""}', 'never out of its text'],
    ['{ s: "{path}" }', { path: './b' }, '{"s":"/workspace/b"}', 'a path resolved'],
    ['{ "{always}": 1 }', {}, '{"{always}":1}', 'names of members are as written'],
    ['{ b: "{environment}", a: 1 }', {}, '{"a":1,"b":"development"}', 'canonical order'],
    ['{ s: [[ "{always}" ]] }', {}, '{"s":[["d"]]}', 'in a list what always is'],
  ];
  for (const [template, args, bytes, why] of table) {
    const command = at.command(using(also(template)));
    const made = await invoke(at, command, { arguments: args });
    const { it } = JSON.parse(Buffer.from(made.stdin!).toString()) as { it: JsonValue };
    assert.equal(canonicalJson(it), bytes, why);
    assert.equal(
      Buffer.from(made.stdin!).toString(),
      canonicalJson(JSON.parse(String(Buffer.from(made.stdin!)))),
      why,
    );
  }
});

test('the bytes are part of the digest', async (t) => {
  const at = house(t);
  const command = at.command(using(also('{ a: "{steps}" }')));
  const one = await invoke(at, command, { arguments: { steps: 1 } });
  const same = await invoke(at, command, { arguments: { steps: 1 } });
  const other = await invoke(at, command, { arguments: { steps: 2 } });
  assert.equal(one.digest, same.digest);
  assert.notEqual(one.digest, other.digest);
  assert.deepEqual(one.argv, other.argv);
});

test('template | complaint at its line and column | why', (t) => {
  const at = house(t);
  const deep = `${'['.repeat(16)}${']'.repeat(16)}`;
  const table: [string, RegExp, string][] = [
    [
      '{ a: "{stepz}" }',
      /:\d+:\d+.*there is no parameter "stepz".*Did you mean \{steps\}/s,
      'a slip',
    ],
    ['{ a: { b: ["{nope}"] } }', /there is no parameter "nope"/, 'deep down'],
    ['{ a: "{__proto__}" }', /holds \{__proto__\}, which is no name/, 'a name of the language'],
    ['{ a: "{constructor}" }', /there is no parameter "constructor"/, 'an inherited name'],
    ['{ __proto__: 1 }', /"__proto__" cannot be a name/, 'a member of the language'],
    ['{ a: "{TOKEN}" }', /"TOKEN" is a secret/, 'a secret'],
    [
      '["{steps}"]',
      /\{steps\} may be absent, and this value would then be missing/,
      'a hole in a list',
    ],
    [
      '{ a: "x{steps}" }',
      /\{steps\} may be absent, and this value would then have a hole/,
      'a hole in a text',
    ],
    ['{ a: "x{names}" }', /\{names\} is an array and cannot stand in a text/, 'a list in a text'],
    ['{ a: "{steps" }', /nothing closes/, 'an open brace'],
    ['{ a: 9007199254740993 }', /cannot be passed on exactly/, 'a number that changes'],
    [`{ a: ${deep} }`, /nested deeper than 16 levels/, 'too deep'],
    [`[${Array(2001).fill('1').join()}]`, /more than 2000 values/, 'too many values'],
    [`[${'x'.repeat(65537)}]`, /more than 65536 bytes of text/, 'too much text'],
    ['text', /json must be a map or a list/, 'a scalar'],
    ['{ a: .inf }', /a number must be finite/, 'no JSON number'],
  ];
  for (const [template, complaint, why] of table) {
    const said = at.complaints(
      `it:\n  description: d\n  owner: o\n  risk: low\n  environments: [development]\n  timeout: 5s\n  dependencies: []\n  approvals: []\n  secrets: [TOKEN]\n  run: [/usr/bin/cat]\n  stdin:\n    json: ${template}\n${parameters.replace(/^/gm, '  ')}`,
    );
    assert.ok(
      said.some((text) => complaint.test(text) && /inventory\.yaml:1[45]:/.test(text)),
      `${why}: ${said.join('\n')}`,
    );
  }
});

test('a parameter that stands in it alone is used; one that stands nowhere is not', (t) => {
  const at = house(t);
  assert.deepEqual(
    rules(
      at.load(
        `it:\n  ${using(also('1')).replaceAll('\n', '\n  ')}\n  description: d\n  owner: o\n  risk: low\n  environments: [development]\n  timeout: 5s\n  dependencies: []\n  approvals: []`,
      ),
    ),
    [],
  );
  const said = at.complaints(
    'it:\n  run: [/usr/bin/cat]\n  stdin: { json: { a: 1 } }\n  parameters: { a: { type: string } }\n  description: d\n  owner: o\n  risk: low\n  environments: [development]\n  timeout: 5s\n  dependencies: []\n  approvals: []',
  );
  assert.match(said.join(), /the parameter a is used nowhere/);
});

test('examples are held to it: a call that would make too much is refused', async (t) => {
  const at = house(t);
  const long = `{ a: [${Array(10).fill('"{always}"').join()}] }`;
  const fields = `run: [/usr/bin/cat]\nstdin: { json: ${long} }\nparameters: { always: { type: string, maxLength: 200000, default: d } }`;
  const command = at.command(fields);
  const said = await verdict(invoke(at, command, { arguments: { always: 'x'.repeat(150_000) } }));
  assert.match(
    String(said),
    /INVALID_REQUEST.*make 15000\d\d bytes of standard input.*at most 1048576/,
  );
  const rejected = `${fields}\nexamples: { reject: [{ always: ${'x'.repeat(150_000)} }] }`;
  assert.deepEqual(at.command(rejected).examples.accept, []);
});

test('one long value in very many places is refused before it is made', () => {
  const value = 'x'.repeat(2 ** 20);
  const items: JsonTemplate[] = Array(2000).fill({ kind: 'parameter', name: 'a' });
  const rendered = renderStdin(
    { kind: 'json', template: { kind: 'list', items } },
    { values: { a: value }, environment: 'e', properties: new Map() },
  );
  assert.equal(rendered.ok, false);
});

test('no value gets out of its place: the JSON has the form of its template, whatever is given', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(text, text, fc.option(fc.integer()), (first, second, number) => {
      const template: JsonTemplate = {
        kind: 'object',
        members: [
          ['first', { kind: 'parameter', name: 'first' }],
          [
            'both',
            {
              kind: 'text',
              parts: [
                { kind: 'parameter', name: 'first' },
                { kind: 'text', text: '/' },
                { kind: 'parameter', name: 'second' },
              ],
            },
          ],
          ['number', { kind: 'parameter', name: 'number' }],
        ],
      };
      const values: Record<string, JsonValue> = { first, second };
      if (number !== null) values.number = number;
      const filling = { values, environment: 'e', properties: new Map() };
      const expected = {
        first,
        both: `${first}/${second}`,
        ...(number === null ? {} : { number }),
      };
      assert.deepEqual(renderJson(template, filling), expected);
      const made = renderStdin({ kind: 'json', template }, filling);
      assert.ok(made.ok && made.bytes!.byteLength <= maxJsonInput);
      assert.deepEqual(JSON.parse(Buffer.from(made.bytes!).toString()), expected);
    }),
  );
});
