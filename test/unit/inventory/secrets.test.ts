/** Secrets in settings and inventory: what loads, and what is wrong, at its line. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatDiagnostic } from '../../../src/core/diagnostic.ts';
import { loadInventory } from '../../../src/inventory/load.ts';
import { loadSettings } from '../../../src/inventory/settings.ts';
import { entry, house, indent, ok } from './house.ts';

const environments = `version: 1
environments:
  development: { workspace: ./ws, mounts: [./shared] }
  production: { workspace: ./prod }
`;

/** What a load of both files says, without the folder; settings alone where they do not load. */
function said(t: { after(fn: () => void): void }, secrets: string, commands = ''): string[] {
  const at = house(t as never);
  for (const folder of ['shared', 'keys', 'opt']) mkdirSync(join(at.folder, folder));
  at.write('shared/key', 'x');
  at.write('opt/key', 'x');
  symlinkSync('../shared/key', join(at.folder, 'keys/to-shared'));
  chmodSync(join(at.folder, 'keys'), 0o700);
  at.write('inventory.yaml', `version: 1\ncommands:\n${indent(commands, 2) || '  {}\n'}`);
  const settings = loadSettings(at.write('reeve.yaml', `${environments}${secrets}`), {});
  const all = settings.ok
    ? loadInventory(settings.value.inventory, settings.value)
    : { ok: false as const, diagnostics: settings.diagnostics };
  return (all.ok ? all.warnings : all.diagnostics).map((d) =>
    formatDiagnostic(d).replaceAll(`${at.folder}/`, ''),
  );
}

const command = (name: string, fields: string) => `${name}:\n${indent(entry(fields), 2)}\n`;

test('sources are spelled out for each environment, and paths are absolute', (t) => {
  const at = house(t);
  at.write(
    'reeve.yaml',
    `${environments.replace(', mounts: [./shared]', '')}secrets:
  A: { env: VARIABLE }
  B: { environments: { production: { file: keys/b } } }
  C: { credential: own.name }
  D: { command: give, arguments: { what: x } }
`,
  );
  const { secrets } = ok(loadSettings(join(at.folder, 'reeve.yaml'), { VARIABLE: 'value' }));
  const env = { kind: 'env', variable: 'VARIABLE' };
  const credential = { kind: 'credential', credential: 'own.name' };
  const given = { kind: 'command', command: 'give', arguments: { what: 'x' } };
  assert.deepEqual(secrets, {
    A: { development: env, production: env },
    B: { production: { kind: 'file', path: join(at.folder, 'keys/b') } },
    C: { development: credential, production: credential },
    D: { development: given, production: given },
  });
});

test('a command says how it is given each; a variable is the default', (t) => {
  const at = house(
    t,
    `${environments.replace(', mounts: [./shared]', '')}secrets: { A: { env: A }, B: { env: B } }\n`,
  );
  const { secrets, hash } = at.command('run: [/usr/bin/true]\nsecrets: [A, { name: B, as: file }]');
  assert.deepEqual(secrets, [
    { name: 'A', as: 'variable' },
    { name: 'B', as: 'file' },
  ]);
  assert.notEqual(hash, at.command('run: [/usr/bin/true]\nsecrets: [A, B]').hash);
});

const give = command(
  'give',
  'run: [/usr/bin/echo, "{what}"]\nparameters: { what: { type: string, enum: [abc, def] } }\nrequired: [what]\nenvironments: [development]',
);
const needs = (fields: string) => command('needs', `run: [/usr/bin/true]\n${fields}`);

/** Each row: `secrets:` of the settings, commands, and what is said of them (nothing: []). */
const table: readonly [title: string, secrets: string, commands: string, said: RegExp[]][] = [
  ['a source that is there', 'secrets: { A: { env: A } }\n', needs('secrets: [A]'), []],
  [
    'no source at all',
    '',
    needs('secrets: [A]'),
    [
      /^inventory\.yaml:\d+:\d+: warning: .*no source of A for development.*\[secret-without-source\]/,
    ],
  ],
  [
    'no source in one environment',
    'secrets: { A: { environments: { development: { env: A } } } }\n',
    needs('secrets: [A]\nenvironments: [development, production]'),
    [/no source of A for production:/],
  ],
  [
    'an unknown environment',
    'secrets: { A: { environments: { prodction: { env: A } } } }\n',
    '',
    [
      /^reeve\.yaml:5:33: error: there is no environment "prodction" .*\n.*Did you mean production\?/,
    ],
  ],
  [
    'two sources in one',
    'secrets: { A: { env: A, file: b } }\n',
    '',
    [/^reeve\.yaml:5:\d+: error: .*"(file|env)"/],
  ],
  [
    'an unknown kind',
    'secrets: { A: { vault: x } }\n',
    '',
    [/A\.env is missing/, /^reeve\.yaml:5:\d+: error: there is no field "vault"/],
  ],
  [
    'a value in place of a source',
    'secrets: { A: hunter2 }\n',
    '',
    [/^reeve\.yaml:5:\d+: error: .*must be a source/],
  ],
  ['LD_PRELOAD', 'secrets: { LD_PRELOAD: { env: A } }\n', '', [/LD_\*/]],
  ['PATH', 'secrets: { PATH: { env: A } }\n', '', [/cannot be the name of a secret/]],
  ['a name with a dash', 'secrets: { A-B: { env: A } }\n', '', [/is no variable name/]],
  ['BASH_ENV in a command', '', needs('secrets: [BASH_ENV]'), [/cannot be the name of a secret/]],
  [
    'another way to be given',
    '',
    needs('secrets: [{ name: A, as: argument }]'),
    [/must be variable or file/],
  ],
  [
    'a credential that climbs',
    'secrets: { A: { credential: ../x } }\n',
    '',
    [/is no name of a credential/],
  ],
  [
    'a credential that is a folder',
    'secrets: { A: { credential: .. } }\n',
    '',
    [/is no name of a credential/],
  ],
  [
    'a file in a workspace',
    'secrets: { A: { file: ws/key } }\n',
    '',
    [
      /^reeve\.yaml:5:\d+: error: .*ws\/key lies in the workspace of environment development .*\[secret-in-sight\]/,
    ],
  ],
  [
    'a file in .reeve, which commands read',
    'secrets: { A: { file: ws/.reeve/key } }\n',
    '',
    [/secret-in-sight/],
  ],
  [
    'a file in an environment’s mount',
    'secrets: { A: { file: shared/key } }\n',
    '',
    [/the mount shared of environment development/],
  ],
  [
    'a file that leads there',
    'secrets: { A: { file: keys/to-shared } }\n',
    '',
    [/the mount shared of environment development/],
  ],
  [
    'a file that every command sees',
    'secrets: { A: { file: /usr/lib/os-release } }\n',
    '',
    [/\/usr, which every command sees/],
  ],
  [
    'a file in a command’s mount',
    'secrets: { A: { environments: { production: { file: opt/key } } } }\n',
    needs('mounts: [./opt]'),
    [/^reeve\.yaml:5:\d+: error: .*the mount opt of the command needs/],
  ],
  ['a file elsewhere', 'secrets: { A: { file: keys/key } }\n', needs('secrets: [A]'), []],
  [
    'a command that is not there',
    'secrets: { A: { command: gve } }\n',
    give,
    [
      /^reeve\.yaml:5:\d+: error: the inventory has no command "gve" \[unknown-command\]\n.*Did you mean give\?/,
    ],
  ],
  [
    'a command where it is needed',
    'secrets: { A: { command: give, arguments: { what: abc } } }\n',
    give + needs('secrets: [A]'),
    [],
  ],
  [
    'a command that does not run there',
    'secrets: { A: { environments: { production: { command: give, arguments: { what: abc } } } } }\n',
    give,
    [/give does not run in production/],
  ],
  [
    'a command that does not run where it is needed',
    'secrets: { A: { command: give, arguments: { what: abc } } }\n',
    give + needs('secrets: [A]\nenvironments: [production]'),
    [/give does not run in production/],
  ],
  [
    'arguments that do not fit',
    'secrets: { A: { command: give, arguments: { what: xyz } } }\n',
    give,
    [/^reeve\.yaml:5:\d+: error: the arguments do not fit give: what /],
  ],
  [
    'arguments that are missing',
    'secrets: { A: { command: give } }\n',
    give,
    [/the arguments do not fit give: what /],
  ],
  [
    'a command that demands approvals',
    'secrets: { A: { command: ask } }\n',
    command('ask', 'run: [/usr/bin/true]\napprovals: [ops_lead]\ninputs: unbound'),
    [/ask demands approvals in development/],
  ],
  [
    'a command that needs a command’s secret',
    'secrets: { A: { command: needs }, B: { command: give, arguments: { what: abc } } }\n',
    give + needs('secrets: [B]'),
    [/needs itself needs B, which comes from a command in development/],
  ],
  [
    'a command that needs its own secret',
    'secrets: { A: { command: needs } }\n',
    needs('secrets: [A]'),
    [/needs itself needs A/],
  ],
  [
    'a command that needs a placed secret',
    'secrets: { A: { command: needs }, B: { env: B } }\n',
    needs('secrets: [B]'),
    [],
  ],
  [
    'a secret that is a variable',
    'secrets: { A: { env: A } }\n',
    needs('secrets: [A]\nvariables: { A: x }'),
    [/A is a variable as well/],
  ],
  [
    'a file whose variable is one',
    'secrets: { A: { env: A } }\n',
    needs('secrets: [{ name: A, as: file }]\nvariables: { A_FILE: x }'),
    [/A_FILE is a variable as well/],
  ],
  [
    'two that are given as one',
    'secrets: { A: { env: A }, A_FILE: { env: B } }\n',
    needs('secrets: [{ name: A, as: file }, A_FILE]'),
    [/two secrets would be given as A_FILE/],
  ],
  [
    'one twice',
    'secrets: { A: { env: A } }\n',
    needs('secrets: [A, A]'),
    [/two secrets would be given as A/],
  ],
  [
    'a mount over the files',
    'secrets: { A: { env: A } }\n',
    needs('secrets: [{ name: A, as: file }]\nmounts: [{ path: ./opt, at: /run/secrets/x }]'),
    [/a mount lies at \/run\/secrets\/x/],
  ],
];

for (const [title, secrets, commands, expected] of table) {
  test(`${expected.length === 0 ? 'loads' : 'tells'}: ${title}`, (t) => {
    const found = said(t, secrets, commands);
    assert.equal(found.length, expected.length, found.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(found[index]!, pattern);
  });
}
