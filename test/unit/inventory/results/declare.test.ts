/** Declaring a result: what may stand in its schema, and what is refused at its line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entry, house, indent } from '../house.ts';

test('a result is part of the command, with its schema complete', (t) => {
  const at = house(t);
  const plain = at.command('run: [/usr/bin/true]');
  assert.equal(plain.result, null);
  const command = at.command(
    'run: [/usr/bin/true]\nresult: { from: json, schema: { type: object } }',
  );
  assert.deepEqual(command.result, { from: 'json', schema: { type: 'object' } });
  assert.ok(Object.isFrozen(command.result?.schema));
  assert.notEqual(command.hash, plain.hash);
  const log = at.command('run: [/usr/bin/true]\nresult: { from: loco-log }');
  assert.deepEqual(log.result?.schema.type, 'object');
});

test('result | complaint | why', (t) => {
  const at = house(t);
  const deep = `${'{ items: '.repeat(16)}{}${' }'.repeat(16)}`;
  const table: [string, RegExp, string][] = [
    ['{ from: yaml, schema: {} }', /json, json-lines, loco-log or loco-tasks/, 'no form of ours'],
    ['{ from: json }', /a result from json needs the schema/, 'no schema'],
    ['{ from: json, schema: [] }', /schema must be a map/, 'a list for a schema'],
    ['{ from: json, schema: {}, strict: true }', /no field "strict"/, 'one field more'],
    ['{ from: json, schema: { $ref: "#" } }', /"\$ref" is not read.*Write out/s, 'a reference'],
    ['{ from: json, schema: { properties: { a: { $ref: "http://x" } } } }', /"\$ref"/, 'far away'],
    ['{ from: json, schema: { uniqueItems: true } }', /takes too long/, 'each with each'],
    ['{ from: json, schema: { typ: object } }', /"typ" is not read.*Did you mean type/s, 'a slip'],
    ['{ from: json, schema: { constructor: {} } }', /"constructor" is not read/, 'inherited'],
    ['{ from: json, schema: { type: objekt } }', /type must be null, boolean/, 'no type'],
    ['{ from: json, schema: { type: [] } }', /type must be/, 'none of the types'],
    ['{ from: json, schema: { items: [{}] } }', /a schema is a map, true or false/, 'old tuples'],
    ['{ from: json, schema: { minLength: -1 } }', /minLength must be a whole number/, 'below 0'],
    ['{ from: json, schema: { required: [a, a] } }', /required must be .* each once/, 'twice'],
    ['{ from: json, schema: { enum: [] } }', /enum must be a list of values/, 'nothing allowed'],
    ['{ from: json, schema: { multipleOf: 0 } }', /multipleOf must be a number above 0/, 'zero'],
    ['{ from: json, schema: { pattern: "(" } }', /no regular expression/, 'no pattern'],
    ['{ from: json, schema: { pattern: "^(a+)+$" } }', /can take for ever/, 'a slow pattern'],
    [`{ from: json, schema: ${deep} }`, /deeper than 16 levels/, 'too deep'],
    [
      `{ from: json, schema: { anyOf: [${Array(1001).fill('{}').join()}] } }`,
      /more than 1000 schemas/,
      'too many',
    ],
  ];
  for (const [result, complaint, why] of table) {
    const fields = `run: [/usr/bin/true]\nresult: ${result}`;
    const said = at.complaints(`it:\n${indent(entry(fields), 2)}`);
    assert.ok(
      said.some((text) => complaint.test(text) && /^inventory\.yaml:\d+:\d+/.test(text)),
      `${why}: ${said.join('\n')}`,
    );
  }
});

test('members called like keywords or like what every object has are members', (t) => {
  const at = house(t);
  const schema = '{ properties: { type: { const: a }, $ref: {}, constructor: { type: string } } }';
  const { result } = at.command(`run: [/usr/bin/true]\nresult: { from: json, schema: ${schema} }`);
  assert.deepEqual(Object.keys(result!.schema.properties as object), [
    'type',
    '$ref',
    'constructor',
  ]);
});
