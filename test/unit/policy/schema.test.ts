import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentTypes, policySchemaText, runAction } from '../../../src/policy/schema.ts';
import { cleanTemp, command, commands, environments, parameters } from './small-inventory.ts';

test('arguments that Cedar can hold are typed; the rest is left out', () => {
  const of = (schema: object, required: string[] = []) => {
    const type = argumentTypes(
      command('c', { parameters: parameters({ x: schema as never }, required) }),
    ).get('x');
    return type === undefined ? null : `${type.kind} ${type.of}${type.always ? ' always' : ''}`;
  };
  const table: [object, string[], string | null][] = [
    [{ type: 'string' }, [], 'scalar String'],
    [{ type: 'string', enum: ['a'], format: 'workspace-path' }, ['x'], 'scalar String always'],
    [{ type: 'integer', default: 3 }, [], 'scalar Long always'],
    [{ type: 'boolean' }, ['y'], 'scalar Boolean'],
    [{ type: 'array', items: { type: 'integer' } }, [], 'set Long'],
    [{ type: 'array', items: { type: 'string' } }, ['x'], 'set String always'],
    [{ type: 'number' }, [], null],
    [{ type: 'object' }, [], null],
    [{ type: ['string', 'null'] }, [], null],
    [{ type: 'array' }, [], null],
    [{ type: 'array', items: { type: 'array', items: { type: 'string' } } }, [], null],
    [{ enum: ['a', 'b'] }, [], null],
    [{ type: 'constructor' }, [], null],
    [{}, [], null],
  ];
  for (const [schema, required, type] of table)
    assert.equal(of(schema, required), type, JSON.stringify(schema));
});

test('a boolean schema, names with a meaning in Cedar and missing properties are left out in peace', () => {
  const odd = JSON.parse(
    '{"__proto__":{"type":"string"},"__entity":{"type":"string"},"a":true,"b":null,"c":[]}',
  );
  assert.equal(argumentTypes(command('c', { parameters: parameters(odd) })).size, 0);
  assert.equal(argumentTypes(command('c', { parameters: {} })).size, 0);
});

test("a command's action has a name that no built-in action can have", () => {
  assert.equal(runAction('see'), 'run:see');
  assert.equal(runAction('run:see'), 'run:run:see');
});

test('the schema reads as Cedar', async () => {
  const text = await policySchemaText(commands, environments);
  assert.match(text, /entity Environment enum \["development", "staging", "production"\];/);
  assert.match(text, /action "run:clean-temp" in \[Action::"run"\] appliesTo/);
  assert.match(text, /"dry-run"\?: Bool/);
  assert.match(text, /hours: Long/);
  assert.match(text, /folders\?: Set<String>/);
  assert.doesNotMatch(text, /ratio|__cedar/);
});

test('a command may be called like anything, its schema stands', async () => {
  const names = ['see', 'run', 'administer', 'freeze', '__proto__', 'größe', 'a"b\\', ''];
  const text = await policySchemaText([...names.map((n) => command(n)), cleanTemp], []);
  assert.match(text, /action "run:a\\"b\\\\"/);
  assert.match(text, /action "run:__proto__"/);
});
