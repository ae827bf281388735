/** `assurance` in the inventory: what loads, and what is refused at its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from '../../../src/core/diagnostic.ts';
import { entry, type House, house, indent, ok, settingsText } from './house.ts';

const whole = `run: [bin/app, tool, { option: -n, value: "{steps}" }]
mounts: [./bin]
parameters: { steps: { type: integer, minimum: 1, maximum: 9 } }
result: { from: json, schema: { type: object } }
secrets: [SIGNING_KEY]
dependencies: [space, postgres]
workspace: read-write
assurance:
  cli: [bin/cli, -e, "{environment}", db, { option: --steps, value: "{steps}" }]
  cliResult: { from: loco-log }
  ignore: [log/**, "*.pid"]
  normalise: [{ pattern: "pid [0-9]+", replace: "pid N" }, { pattern: "port [0-9]+" }]
  arguments: { steps: 2 }
  maxAge: 90d
  required: [development]
  disposable: { secrets: { SIGNING_KEY: worth-nothing }, dependencies: [postgres] }`;

const settings = `${settingsText}dependencies:
  space: { disk: ., free: 1B }
  postgres: { tcp: 127.0.0.1:5432 }
secrets: { SIGNING_KEY: { env: SIGNING_KEY } }
`;

function at(t: Parameters<typeof house>[0]): House {
  const place = house(t, settings);
  place.write('bin/cli', '#!/bin/sh\n', 0o755);
  return place;
}

test('every field loads as it says, and the command line is found as the executable is', (t) => {
  const place = at(t);
  const { assurance, hash } = place.command(whole);
  const cli = `${place.folder}/bin/cli`;
  const { template, ...rest } = assurance!.cli;
  assert.deepEqual(rest, { executable: { path: cli, source: cli } });
  assert.equal(template.length, 4);
  assert.deepEqual(
    { ...assurance, cli: null, cliResult: assurance!.cliResult?.from },
    {
      cli: null,
      cliResult: 'loco-log',
      compare: 'structured',
      ignore: ['log/**', '*.pid'],
      normalise: [
        { pattern: 'pid [0-9]+', replace: 'pid N' },
        { pattern: 'port [0-9]+', replace: '<…>' },
      ],
      arguments: { steps: 2 },
      maxAgeMs: 90 * 86_400_000,
      required: ['development'],
      disposable: { secrets: { SIGNING_KEY: 'worth-nothing' }, dependencies: ['postgres'] },
    },
  );
  assert.ok(Object.isFrozen(assurance!.cli.template));
  const other = place.command(whole.replace('steps: 2', 'steps: 3'));
  assert.notEqual(other.hash, hash, 'it is part of what a hash is of');
});

test('the least of it has defaults', (t) => {
  const { assurance } = at(t).command('run: [/bin/true]\nassurance: { cli: [/bin/true] }');
  assert.deepEqual(assurance, {
    cli: { executable: { path: '/bin/true', source: '/usr/bin/true' }, template: [] },
    cliResult: null,
    compare: 'output',
    ignore: [],
    normalise: [],
    arguments: {},
    maxAgeMs: null,
    required: [],
    disposable: { secrets: {}, dependencies: [] },
  });
});

const wrong: readonly (readonly [string, string, RegExp])[] = [
  ['bin/cli, -e', 'cli, -e', /:1[78]:\d+: error: the executable "cli" is a bare name/],
  ['bin/cli, -e', '"{environment}", -e', /the executable cannot depend on a parameter/],
  ['bin/cli, -e', '{ flag: -v, when: steps }, -e', /cli begins with the executable, as text/],
  ['"{environment}", db', '"{enviroment}", db', /Did you mean \{environment\}/],
  ['db, { option', '"{steps}", { option', /\{steps\} may be absent/],
  ['ignore: [log/**', 'ignore: [../log/**', /must not hold "\.\."/],
  ['"pid [0-9]+"', '"(a+)+b"', /can take for ever/],
  ['"pid [0-9]+"', '"["', /is no regular expression/],
  ['"pid [0-9]+"', '"x*"', /matches nothing at all/],
  ['steps: 2 }\n', 'steps: 10 }\n', /the command refuses them: steps/],
  ['steps: 2 }\n', 'stpes: 2 }\n', /the command refuses them/],
  ['maxAge: 90d', 'maxAge: 90', /must be a duration/],
  ['[development]\n  disposable', '[developmnt]\n  disposable', /Did you mean development/],
  ['[development]\n  disposable', '[production]\n  disposable', /does not run in "production"/],
  ['SIGNING_KEY: worth', 'SIGNING_KY: worth', /is given no secret "SIGNING_KY"/],
  ['worth-nothing', 'abc', /a secret has 4 to 65536 bytes/],
  ['dependencies: [postgres] }', 'dependencies: [redis] }', /does not depend on "redis"/],
  ['  cliResult: { from: loco-log }', '  compare: structured', /declares no "cliResult"/],
  ['  maxAge', '  maxage', /Did you mean "maxAge"/],
  ['  cli: [', '  clli: [', /assurance\.cli is missing/],
];

test('what is wrong is told at its place, with what would be right', (t) => {
  const place = at(t);
  for (const [right, instead, complaint] of wrong) {
    assert.ok(whole.includes(right), right);
    const changed = entry(whole.replace(right, () => instead));
    const told = place.complaints(`it:\n${indent(changed, 2)}`).join('\n');
    assert.match(told, complaint, instead);
    assert.match(told, /inventory\.yaml:\d+:\d+: error/, instead);
  }
});

test('what would prove nothing, or could never run, is warned of', (t) => {
  const place = at(t);
  const warned = (fields: string): string => {
    const loaded = place.load(`it:\n${indent(entry(fields), 2)}`);
    ok(loaded);
    return loaded.ok ? loaded.warnings.map(formatDiagnostic).join('\n') : '';
  };
  assert.equal(warned(whole), '');
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['"pid [0-9]+"', '".+"', /assurance-normalises-all/],
    ['ignore: [log/**', 'ignore: ["**"', /assurance-ignores-all/],
    ['  maxAge: 90d\n', '', /note.*assurance-without-age/],
    ['workspace: read-write', 'network: host', /assurance-out-of-reach/],
    ['secrets: { SIGNING_KEY: worth-nothing }, ', '', /SIGNING_KEY leads to something real/],
    [', dependencies: [postgres] }', ' }', /depends on postgres in development/],
  ];
  for (const [right, instead, complaint] of cases) {
    assert.ok(whole.includes(right), right);
    assert.match(warned(whole.replace(right, () => instead)), complaint, instead);
  }
});
