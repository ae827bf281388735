/** Declarations: what loads, what is refused, and that each complaint stands at its line and column. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadInventory } from '../../../src/inventory/load.ts';
import { entry, house, indent, messages, ok, rules } from './house.ts';

const whole = `
migrate-db:
  tool: migrate_db
  title: Apply pending migrations
  description: Brings the schema up to date.
  owner: data platform
  usageFrequency: daily
  risk: high
  priority: 1
  automationCoverage: 70
  complianceNotes: Change record needed in production.
  reviewCadence: 90d
  rollback: migrate-down
  run: [bin/app, -e, "{environment}", db, migrate]
  parameters: {}
  required: []
  environments: { development: {}, production: { timeout: 120s } }
  defaultEnvironment: development
  timeout: { default: 60s, max: 300s }
  limits: { cpu: 1, cpuTime: 60s, memory: 512MiB, processes: 64, openFiles: 256, fileSize: 256MiB, workspaceGrowth: 1GiB, output: 1MiB }
  concurrency: { key: "database:{environment}", max: 1 }
  network: none
  workspace: read-write
  mounts: [./bin]
  inputs: [migrations/**]
  secrets: [DATABASE_URL]
  dependencies: [postgres, redis]
  approvals: [ops_lead, { role: security_officer, count: 2 }]
  guardrails: [backup checked, off-peak]
  examples: { accept: [{}], reject: [{ steps: -1 }] }
migrate-down:
${indent(entry('run: [bin/app, db, down]\nmounts: [./bin]'), 2)}
`;

test('every field of the design loads as it says', (t) => {
  const at = house(t);
  const inventory = ok(at.load(whole));
  const command = inventory.commands.get('migrate-db')!;
  const { hash, ...rest } = command;
  assert.match(hash, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(rest, {
    name: 'migrate-db',
    tool: 'migrate_db',
    title: 'Apply pending migrations',
    description: 'Brings the schema up to date.',
    owner: 'data platform',
    usageFrequency: 'daily',
    risk: 'high',
    priority: 1,
    automationCoverage: 70,
    complianceNotes: 'Change record needed in production.',
    reviewCadenceMs: 90 * 86_400_000,
    rollback: 'migrate-down',
    executable: { path: join(at.folder, 'bin/app'), source: join(at.folder, 'bin/app') },
    template: ['-e', null, 'db', 'migrate'].map((text) => ({
      kind: 'text',
      parts: [text === null ? { kind: 'parameter', name: 'environment' } : { kind: 'text', text }],
    })),
    parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
    environments: {
      // In development the person behind the agent may answer, unless a stage says otherwise.
      development: {
        approvals: [
          { role: 'ops_lead', count: 1, independent: false },
          { role: 'security_officer', count: 2, independent: false },
        ],
      },
      production: { timeout: { defaultMs: 120_000, maxMs: 120_000 } },
    },
    defaultEnvironment: 'development',
    timeout: { defaultMs: 60_000, maxMs: 300_000 },
    limits: {
      cpu: 1,
      cpuTimeMs: 60_000,
      memory: 2 ** 29,
      processes: 64,
      openFiles: 256,
      fileSize: 2 ** 28,
      workspaceGrowth: 2 ** 30,
      workspaceFiles: 100_000,
      output: 2 ** 20,
    },
    concurrency: { key: 'database:{environment}', max: 1 },
    network: 'none',
    workspace: 'read-write',
    mounts: [{ source: join(at.folder, 'bin'), target: join(at.folder, 'bin') }],
    inputs: { kind: 'files', patterns: ['migrations/**'] },
    secrets: [{ name: 'DATABASE_URL', as: 'variable' }],
    dependencies: ['postgres', 'redis'],
    approvals: [
      { role: 'ops_lead', count: 1, independent: true },
      { role: 'security_officer', count: 2, independent: true },
    ],
    guardrails: ['backup checked', 'off-peak'],
    variables: {},
    stdin: null,
    result: null,
    assurance: null,
    examples: { accept: [{}], reject: [{ steps: -1 }] },
  });
  assert.equal(inventory.byTool.get('migrate_db'), command);
  assert.equal(inventory.byTool.get('migrate_down')?.name, 'migrate-down');
  assert.ok(Object.isFrozen(command.limits) && Object.isFrozen(command.template[0]));
});

test('what is left out has the documented defaults', (t) => {
  const at = house(t);
  const {
    title,
    tool,
    limits,
    network,
    workspace,
    inputs,
    timeout,
    environments,
    concurrency,
    variables,
  } = at.command(
    'run: [/usr/bin/true]\ntimeout: 5s\nenvironments: { development: , production: { timeout: { default: 1s, max: 20s } } }',
  );
  assert.deepEqual(
    {
      title,
      tool,
      limits,
      network,
      workspace,
      inputs,
      timeout,
      environments,
      concurrency,
      variables,
    },
    {
      title: 'it',
      tool: 'it',
      limits: {
        cpu: 1,
        cpuTimeMs: 5000,
        memory: 2 ** 29,
        processes: 64,
        openFiles: 256,
        fileSize: 2 ** 28,
        workspaceGrowth: 2 ** 30,
        workspaceFiles: 100_000,
        output: 2 ** 20,
      },
      network: 'none',
      workspace: 'read-only',
      inputs: { kind: 'none' },
      timeout: { defaultMs: 5000, maxMs: 5000 },
      // A longer timeout of an environment brings the processor time for it.
      environments: {
        development: {},
        production: { timeout: { defaultMs: 1000, maxMs: 20_000 }, limits: { cpuTimeMs: 20_000 } },
      },
      concurrency: null,
      variables: {},
    },
  );
});

test('parameters become one closed schema with bounded text and whole patterns', (t) => {
  const at = house(t);
  const { parameters } = at.command(`
run: [/usr/bin/printf, "{s}", "{p}", "{e}", { spread: a }]
stdin: "{body}"
parameters:
  s: { type: string }
  p: { type: string, pattern: "a|b", maxLength: 3 }
  e: { type: string, enum: [x, y] }
  a: { type: array, items: { type: string, format: workspace-path } }
  body: { type: string }
required: [s, p, e]`);
  assert.deepEqual(parameters, {
    type: 'object',
    properties: {
      s: { type: 'string', maxLength: 4096 },
      p: { type: 'string', pattern: '^(?:a|b)$', maxLength: 3 },
      e: { type: 'string', enum: ['x', 'y'] },
      a: {
        type: 'array',
        items: { type: 'string', format: 'workspace-path', maxLength: 4096 },
        maxItems: 256,
      },
      body: { type: 'string', maxLength: 1_048_576 },
    },
    required: ['e', 'p', 's'],
    additionalProperties: false,
  });
});

test('the hash is of the declaration as written, and of nothing else', (t) => {
  const at = house(t);
  const one = at.command('run: [/usr/bin/true]').hash;
  assert.equal(at.command('run: ["/usr/bin/true"] # the same').hash, one);
  assert.notEqual(at.command('run: [/usr/bin/true, x]').hash, one);
});

test('what must be stated is asked for by name, at the command', (t) => {
  const at = house(t);
  const said = at.complaints('bare:\n  run: [/usr/bin/true]');
  const missing = [
    'description',
    'owner',
    'risk',
    'environments',
    'timeout',
    'dependencies',
    'approvals',
  ];
  assert.deepEqual(
    said
      .map(
        (m) =>
          /^inventory\.yaml:3:3: error: commands\.bare\.(\w+) is missing \[missing-field\]\n {4}\S/.exec(
            m,
          )?.[1],
      )
      .sort(),
    missing.sort(),
  );
});

test('fields | rule and place | why', (t) => {
  const at = house(t);
  mkdirSync(join(at.folder, 'ws/bin'), { recursive: true });
  at.write('ws/bin/tool', '#!/bin/sh\n', 0o755);
  at.write('bin/plain', 'x', 0o644);
  symlinkSync('/bin/true', join(at.folder, 'ws/bin/link'));
  symlinkSync(join(at.folder, 'ws/bin/tool'), join(at.folder, 'bin/into-ws'));
  symlinkSync('app', join(at.folder, 'bin/linked'));
  const text = 'parameters: { a: { type: string } }\nrequired: [a]';
  const table: [string, RegExp | null, string][] = [
    ['run: [/bin/true]', null, 'merged /usr'],
    ['run: [/usr/bin/../bin/true]', null, 'a path with ..'],
    ['run: [bin/app]\nmounts: [bin]', null, 'an executable in a mount'],
    ['run: [bin/linked]\nmounts: [bin]', null, 'a link that stays in the mount'],
    ['run: [/opt/b/app]\nmounts: [{ path: bin, at: /opt/b }]', null, 'by its place in the sandbox'],
    ['run: [bin/app]\nmounts: [{ path: bin, at: /opt/b }]', null, 'by its place on the host'],
    ['run: [bin/app]\nmounts: [bin/app]', null, 'a mount may be a file'],
    ['run: [printf]', /executable\] *\n.*Write \/usr\/bin\/printf/, 'a bare name'],
    ['run: [bin/app]', /lies in no mount.*\[executable\]\n.*mounts: \[bin\]/, 'no mount'],
    [
      'run: [ws/bin/tool]\nmounts: [ws/bin]',
      /a command could (change|replace) it \[(mount|executable)\]/,
      'a mount in a workspace',
    ],
    ['run: [/usr/bin/nope]', /\/usr\/bin\/nope does not exist \[executable\]/, 'missing'],
    [
      'run: [/etc/passwd]',
      /lies neither under \/usr nor in a mount.* \[executable\]/,
      'not in the sandbox',
    ],
    ['run: [/usr/bin]', /not a regular file \[executable\]/, 'a folder'],
    [
      'run: [bin/plain]\nmounts: [bin]',
      /not executable \[executable\]\n.*chmod \+x/,
      'not executable',
    ],
    [
      'run: [bin/into-ws]\nmounts: [bin]',
      /could replace it \[executable\]/,
      'a link into a workspace',
    ],
    [
      `run: ["/usr/bin/{a}"]\n${text}`,
      /cannot depend on a parameter.*\[executable\]/,
      'a caller chooses the program',
    ],
    ['run: ["/usr/bin/{environment}"]', /cannot depend/, 'nor does the environment'],
    ['run: [{ flag: -v, when: x }]', /begins with the executable/, 'no executable'],
    [
      `run: [/usr/bin/printf, "{b}"]\n${text}`,
      /there is no parameter "b" \[unknown-parameter\][\s\S]*unused|unknown-parameter/,
      'unknown name',
    ],
    [
      `run: [/usr/bin/printf]\n${text}`,
      /the parameter a is used nowhere \[unused-parameter\]/,
      'unused',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string } }',
      /\{a\} may be absent.*\[optional-in-text\]\n.*option: "--…"/,
      'optional in a text',
    ],
    [
      `run: [/usr/bin/printf, { flag: -v, when: a }]\n${text}`,
      /"when" must name a boolean/,
      'a flag by text',
    ],
    [
      `run: [/usr/bin/printf, { spread: a }]\n${text}`,
      /"spread" must name an array/,
      'a spread of text',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: array, items: { type: string } } }\nrequired: [a]',
      /an array and cannot stand in a text/,
      'an array in a text',
    ],
    [
      'run: [/usr/bin/printf, { option: -x, value: fixed }]',
      /must name exactly one parameter/,
      'an option without parameter',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string } }\nrequired: [a, b]',
      /required names "b"/,
      'unknown required',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, default: x } }\nrequired: [a]',
      /has a default and so need not be given/,
      'required and default',
    ],
    [
      'run: [/usr/bin/printf, "{environment}"]\nparameters: { environment: { type: string } }\nrequired: [environment]',
      /"environment" cannot be the name of a parameter/,
      'a reserved name',
    ],
    [
      'run: [/usr/bin/printf, "{constructor}"]\nparameters: { constructor: { type: string } }\nrequired: [constructor]',
      /"constructor" cannot be the name/,
      'a name of JavaScript',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, pattern: "(" } }\nrequired: [a]',
      /no regular expression with the u flag.*\[pattern\]/,
      'no pattern',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, pattern: "(a+)+b" } }\nrequired: [a]',
      /can take for ever.*\[pattern\]/,
      'exponential',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, pattern: "a)|(b" } }\nrequired: [a]',
      /no regular expression/,
      'a pattern that breaks out of its frame',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, $ref: "#/x" } }\nrequired: [a]',
      /"\$ref".*\n.*not read here/,
      '$ref',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, format: email } }\nrequired: [a]',
      /must be workspace-path, and is the text "email"/,
      'an unknown format',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: object } }\nrequired: [a]',
      /type must be string, integer, number, boolean or array/,
      'an object',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: integer, default: 5, maximum: 3 } }',
      /refuses its own value: a must be <= 3, and is 5.*\[example\]/,
      'a default that is refused',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: integer, enum: [1, a] } }\nrequired: [a]',
      /enum\[1\] must be a number/,
      'an enum of another type',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, contentEncoding: base64 } }\nrequired: [a]',
      /contentEncoding is for the parameter that becomes standard input/,
      'base64 as an argument',
    ],
    ['run: [/usr/bin/cat]\nstdin: "{a}"', /there is no parameter "a"/, 'standard input of nothing'],
    [
      'run: [/usr/bin/cat]\nstdin: "{a}{a}"\nparameters: { a: { type: string } }',
      /stdin must be exactly one parameter/,
      'two parameters for standard input',
    ],
    [
      'run: [/usr/bin/cat]\nstdin: "{a}"\nparameters: { a: { type: integer } }',
      /takes a text parameter/,
      'a number for standard input',
    ],
    [
      'run: [/usr/bin/cat, "{a}"]\nstdin: "{a}"\nparameters: { a: { type: string } }\nrequired: [a]',
      /cannot be an argument as well/,
      'standard input twice',
    ],
    [
      'run: [/usr/bin/true]\ndefaultEnvironment: production',
      /does not run in "production"/,
      'a default that is not allowed',
    ],
    [
      'run: [/usr/bin/true]\nenvironments: [staging]',
      /no environment "staging" \[unknown-environment\]\n.*development or production/,
      'an unknown environment',
    ],
    [
      'run: [/usr/bin/true]\nenvironments: [development, development]',
      /named twice/,
      'an environment twice',
    ],
    [
      'run: [/usr/bin/true]\ntimeout: 60',
      /timeout must be a duration such as 60s/,
      'a number without unit',
    ],
    [
      'run: [/usr/bin/true]\ntimeout: { default: 5m, max: 1m }',
      /default timeout is longer/,
      'default above max',
    ],
    [
      'run: [/usr/bin/true]\ntimeout: { min: 2m, default: 1m, max: 5m }',
      /shortest timeout is longer than the default/,
      'min above default',
    ],
    [
      'run: [/usr/bin/true]\nlimits: { memory: 512M }',
      /must be a size with its unit/,
      'an unknown unit',
    ],
    ['run: [/usr/bin/true]\nlimits: { cpus: 1 }', /Did you mean "cpu"/, 'a limit by a wrong name'],
    [
      'run: [/usr/bin/true]\napprovals: [ops]',
      /must say which files decide its effect.*\n.*inputs: \[migrations\/\*\*\].*inputs: unbound/,
      'approvals without inputs',
    ],
    [
      'run: [/usr/bin/true]\nenvironments: { production: { approvals: [ops] } }',
      /must say which files/,
      'nor in one environment',
    ],
    ['run: [/usr/bin/true]\napprovals: [ops]\ninputs: unbound', null, 'unbound'],
    ['run: [/usr/bin/true]\napprovals: [ops]\ninputs: []', null, 'no file'],
    ['run: [/usr/bin/true]\ninputs: [../x]', /must not hold "\.\."/, 'inputs outside'],
    ['run: [/usr/bin/true]\ninputs: [/etc/x]', /must be relative/, 'absolute inputs'],
    [
      'run: [/usr/bin/true]\nsecrets: [LOG_LEVEL]',
      /is a variable as well/,
      'a secret that is a variable',
    ],
    [
      'run: [/usr/bin/true]\nconcurrency: { key: "x:{a}" }\nparameters: {}',
      /no parameter "a"/,
      'a key of nothing',
    ],
    [
      'run: [/usr/bin/printf, { option: -a, value: "{a}" }]\nconcurrency: { key: "x:{a}" }\nparameters: { a: { type: string } }',
      /key would have a hole/,
      'a key with a hole',
    ],
    [
      'run: [/usr/bin/printf, "{a}"]\nworkspace: none\nparameters: { a: { type: string, format: workspace-path } }\nrequired: [a]',
      /which this command does not see/,
      'a path without a workspace',
    ],
    [
      'run: [/usr/bin/true]\ntool: reeve_start',
      /must not begin with "reeve"/,
      "a tool of Reeve's own",
    ],
    [
      'run: [/usr/bin/true]\ntool: a-b',
      /must be letters, digits and "_"/,
      'a tool name with a dash',
    ],
    [
      'run: [/usr/bin/true]\nowner: "a\\u202eb"',
      /one line without control or bidirectional/,
      'text that turns',
    ],
    ['run: [/usr/bin/printf, 5]', /numbers go in quotes/, 'a number as a token'],
  ];
  for (const [fields, expected, why] of table) {
    const loaded = at.load(`it:\n${indent(entry(fields), 2)}`);
    if (expected === null)
      assert.ok(loaded.ok, `${why}: ${loaded.ok ? '' : messages(loaded).join('\n')}`);
    else {
      const said = messages(loaded);
      assert.ok(
        said.some((m) => expected.test(m)),
        `${why}:\n${said.join('\n')}`,
      );
      assert.ok(
        said.every((m) => /:\d+:\d+: (error|warning): /.test(m)),
        said.join('\n'),
      );
    }
  }
});

test('examples run at load, and the one that fails is named at its place', (t) => {
  const at = house(t);
  const fields = (examples: string) =>
    `it:\n${indent(entry(`run: [/usr/bin/printf, "{n}", "{p}"]\nparameters: { n: { type: integer, minimum: 1 }, p: { type: string, format: workspace-path } }\nrequired: [n, p]\nexamples: ${examples}`), 2)}`;
  assert.ok(
    at.load(
      fields(
        '{ accept: [{ n: 1, p: a/b }], reject: [{ n: 0, p: a }, { n: 1, p: ../x }, { n: 1, p: /etc/passwd }, {}, { n: 1, p: a, x: 1 }] }',
      ),
    ).ok,
  );
  const said = at.complaints(
    fields('{ accept: [{ n: 1, p: a }, { n: 0, p: ../x }], reject: [{ n: 1, p: a }] }'),
  );
  assert.equal(said.length, 2, said.join('\n'));
  assert.match(
    said[0]!,
    /^inventory\.yaml:14:42: error: this call should be accepted and is refused: n must be >= 1, and is 0 \[example\]/,
  );
  assert.match(
    said[1]!,
    /^inventory\.yaml:14:71: error: this call should be refused and is accepted \[example\]/,
  );
});

test('one bad command hides no other, and nothing of the inventory loads', (t) => {
  const at = house(t);
  const said = at.complaints(
    `Bad: {}\na: 5\nb:\n${indent(entry('run: [/usr/bin/true]\nowner: 5'), 2)}\nc:\n${indent(entry('run: [/usr/bin/nope]\nextra: 1'), 2)}`,
  );
  for (const expected of [
    /"Bad" is no command name/,
    /commands\.a must be a map, and is the number 5/,
    /commands\.b\.owner must be text/,
    /\/usr\/bin\/nope does not exist/,
    /no field "extra"/,
  ]) {
    assert.ok(
      said.some((m) => expected.test(m)),
      `${expected}\n${said.join('\n')}`,
    );
  }
});

test('a folder of files is one inventory, and names that clash are told with both places', (t) => {
  const at = house(t);
  const file = (name: string, commands: string) =>
    at.write(`inv/${name}`, `version: 1\ncommands:\n${indent(commands, 2)}\n`);
  const command = (name: string, more = '') =>
    `${name}:\n${indent(entry(`run: [/usr/bin/true]\n${more}`), 2)}`;
  file('b.yml', command('two'));
  file('a.yaml', command('one'));
  file('.hidden.yaml', 'nonsense');
  at.write('inv/notes.txt', 'no inventory');
  const load = () => loadInventory(join(at.folder, 'inv'), at.settings);
  const inventory = ok(load());
  assert.deepEqual([...inventory.commands.keys()], ['one', 'two']);
  assert.deepEqual(
    inventory.files.map((f) => f.file),
    [join(at.folder, 'inv/a.yaml'), join(at.folder, 'inv/b.yml')],
  );
  file('b.yml', `${command('one')}\n${command('three', 'tool: one')}`);
  const said = messages(load());
  assert.equal(said.length, 2, said.join('\n'));
  assert.match(
    said[0]!,
    /b\.yml:3:3: error: the command one is declared twice: here and at .*a\.yaml:3:3 \[duplicate-name\]/,
  );
  assert.match(
    said[1]!,
    /b\.yml:12:3: error: the tool one is declared twice: here and at .*a\.yaml:3:3/,
  );
  symlinkSync(
    at.write('ws/planted.yaml', 'version: 1\ncommands: {}\n'),
    join(at.folder, 'inv/c.yaml'),
  );
  file('b.yml', command('two'));
  assert.deepEqual(rules(load()), ['writable-by-commands']);
  mkdirSync(join(at.folder, 'empty'));
  assert.deepEqual(rules(loadInventory(join(at.folder, 'empty'), at.settings)), ['missing-file']);
  renameSync(join(at.folder, 'inv'), join(at.folder, 'gone'));
  assert.deepEqual(rules(load()), ['unreadable']);
});
