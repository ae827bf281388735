/** The schemas for editors take what Reeve takes, and refuse what is wrong in its form. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { firstInventory, firstSettings } from '../../src/edge/cli/first-configuration.ts';
import { root } from './blocks.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const ajv = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allErrors: true,
});
const schemas = Object.fromEntries(
  ['inventory', 'reeve', 'runbooks', 'people'].map((name) => [
    name,
    ajv.compile(JSON.parse(read(`schemas/${name}.schema.json`)) as object),
  ]),
);

function problems(name: string, yaml: string): readonly string[] {
  const check = schemas[name]!;
  check(parse(yaml));
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test('the files of the examples fit', () => {
  const files = globSync('examples/*/{reeve,people,inventory}.yaml', { cwd: root });
  const runbooks = globSync('examples/*/runbooks/*.yaml', { cwd: root });
  assert.ok(files.length >= 6 && runbooks.length >= 1);
  for (const file of files) {
    const name = /(\w+)\.yaml$/.exec(file)![1]!;
    assert.deepEqual(problems(name, read(file)), [], file);
  }
  for (const file of runbooks) assert.deepEqual(problems('runbooks', read(file)), [], file);
});

test('what reeve init writes fits', () => {
  assert.deepEqual(problems('inventory', firstInventory), []);
  assert.deepEqual(problems('reeve', firstSettings(10001)), []);
});

const wrong: readonly (readonly [what: string, schema: string, yaml: string, said: RegExp])[] = [
  ['a name that is misspelt', 'reeve', 'version: 1\nenvironments: {}\nlisen: a', /additional/],
  ['a duration without its unit', 'reeve', 'version: 1\nenvironments: {}\ngrace: 2', /\/grace /],
  ['a workspace left out', 'reeve', 'version: 1\nenvironments: { a: {} }', /'workspace'/],
  ['settings of another version', 'reeve', 'version: 2\nenvironments: {}', /\/version /],
  [
    'a command without an owner',
    'inventory',
    'version: 1\ncommands: { a: { risk: low } }',
    /'owner'/,
  ],
  ['a risk that is none', 'inventory', 'version: 1\ncommands: { a: { risk: mild } }', /\/risk /],
  [
    'a command of a name that is none',
    'inventory',
    'version: 1\ncommands: { A_b: {} }',
    /A_b|propert/,
  ],
  [
    'a limit below what there is',
    'inventory',
    'version: 1\ncommands: { a: { limits: { processes: 0 } } }',
    /processes/,
  ],
  ['a runbook without steps', 'runbooks', 'version: 1\nrunbooks: { a: { steps: [] } }', /\/steps /],
  [
    'a condition that compares otherwise',
    'runbooks',
    'version: 1\nrunbooks: { a: { steps: [{ name: b, command: c, when: { from: d, is: like } }] } }',
    /\/is /,
  ],
  ['a person without a name', 'people', 'version: 1\npeople: { ann: { roles: [a] } }', /'name'/],
];
for (const [what, schema, yaml, said] of wrong) {
  test(`refused: ${what}`, () => {
    assert.match(problems(schema, yaml).join('\n'), said);
  });
}
