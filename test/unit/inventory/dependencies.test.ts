/** Dependencies in settings and inventory: what loads, and what is wrong, at its line. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeProbe } from '../../../src/core/dependency.ts';
import { formatDiagnostic } from '../../../src/core/diagnostic.ts';
import { loadInventory } from '../../../src/inventory/load.ts';
import { loadSettings } from '../../../src/inventory/settings.ts';
import { parseHostPort } from '../../../src/inventory/settings-dependencies.ts';
import { entry, house, indent, ok } from './house.ts';

const environments = `version: 1
environments:
  development: { workspace: ./ws }
  production: { workspace: ./prod }
`;

/** What a load of both files says, without the folder; settings alone where they do not load. */
function said(t: { after(fn: () => void): void }, more: string, commands = ''): string[] {
  const at = house(t as never);
  at.write('inventory.yaml', `version: 1\ncommands:\n${indent(commands, 2) || '  {}\n'}`);
  const settings = loadSettings(at.write('reeve.yaml', `${environments}${more}`), {});
  const all = settings.ok
    ? loadInventory(settings.value.inventory, settings.value)
    : { ok: false as const, diagnostics: settings.diagnostics };
  return (all.ok ? all.warnings : all.diagnostics).map((d) =>
    formatDiagnostic(d).replaceAll(`${at.folder}/`, ''),
  );
}

const command = (name: string, fields: string) => `${name}:\n${indent(entry(fields), 2)}\n`;
const run = 'run: [/bin/true]';

test('probes are spelled out for each environment, with whole paths, times and sizes', (t) => {
  const at = house(t);
  at.write(
    'reeve.yaml',
    `${environments}secrets:
  URL: { environments: { production: { credential: url } } }
dependencies:
  a: { tcp: db.internal:5432, timeout: 500ms }
  b: { http: "https://KMS.internal/health?deep=1", status: 204 }
  c: { file: ws/app.sqlite }
  d: { disk: ., free: 1GiB }
  e: { environments: { development: { postgres: "[::1]:5432" }, production: { postgres: { secret: URL } } } }
  f: { redis: 10.0.0.7:6379 }
  g: { command: check, arguments: { what: x } }
`,
  );
  const { dependencies } = ok(loadSettings(join(at.folder, 'reeve.yaml'), {}));
  const timeoutMs = 3000;
  const both = <T>(probe: T) => ({ development: probe, production: probe });
  assert.deepEqual(dependencies, {
    a: both({ kind: 'tcp', host: 'db.internal', port: 5432, timeoutMs: 500 }),
    b: both({ kind: 'http', url: 'https://kms.internal/health?deep=1', status: 204, timeoutMs }),
    c: both({
      kind: 'file',
      path: join(at.folder, 'ws/app.sqlite'),
      within: at.workspace,
      timeoutMs,
    }),
    d: both({ kind: 'disk', path: at.folder, within: null, free: 2 ** 30, timeoutMs }),
    e: {
      development: { kind: 'postgres', at: { host: '::1', port: 5432 }, timeoutMs },
      production: { kind: 'postgres', at: { secret: 'URL' }, timeoutMs },
    },
    f: both({ kind: 'redis', at: { host: '10.0.0.7', port: 6379 }, timeoutMs }),
    g: both({ kind: 'command', command: 'check', arguments: { what: 'x' }, timeoutMs }),
  });
  // What is known of one environment says nothing of another.
  assert.notEqual(dependencies['a']!['development'], dependencies['a']!['production']);
  assert.deepEqual(
    Object.values(dependencies).map((own) => describeProbe(Object.values(own)[0]!)),
    [
      'tcp db.internal:5432 within 500ms',
      'http https://kms.internal/health?deep=1 answers 204',
      `file ${join(at.folder, 'ws/app.sqlite')}`,
      `disk of ${at.folder} has 1GiB free`,
      'postgres [::1]:5432',
      'redis 10.0.0.7:6379',
      'command check ends with 0',
    ],
  );
});

test('a path in a workspace is known for one, however it is written', (t) => {
  const at = house(t);
  const real = at.folder;
  at.write('conf/reeve.yaml', '');
  symlinkSync(join(real, 'ws'), join(real, 'way'));
  symlinkSync(real, join(real, 'again'));
  const within = (path: string) => {
    at.write('reeve.yaml', `${environments}dependencies:\n  db: { file: ${path} }\n`);
    const { dependencies } = ok(loadSettings(join(real, 'again/reeve.yaml'), {}));
    const probe = dependencies['db']!['development']!;
    return probe.kind === 'file' && probe.within;
  };
  for (const path of ['ws/app.sqlite', 'ws', 'way/deep/x', 'again/again/ws/x'])
    assert.equal(within(path), at.workspace, path);
  for (const path of ['.', 'conf/reeve.yaml', 'ws/../conf/x', 'wsx', 'ws/.reeve/x'])
    assert.equal(within(path), null, path);
});

test('an address is a name, a number or a number in brackets, and always has a port', () => {
  const table: [string, string | null][] = [
    ['db:5432', 'db 5432'],
    ['a_b.example.:1', 'a_b.example. 1'],
    ['127.0.0.1:65535', '127.0.0.1 65535'],
    ['[::1]:80', '::1 80'],
    ['[::ffff:10.0.0.1]:80', '::ffff:10.0.0.1 80'],
    ['db', null],
    ['db:0', null],
    ['db:65536', null],
    ['db:http', null],
    [':5432', null],
    ['::1:80', null],
    ['[db]:80', null],
    ['[::1%eth0]:80', null],
    ['127.1:80', null],
    ['2130706433:80', null],
    ['0x7f.0x1:80', null],
    ['256.0.0.1:80', null],
    ['user:pass@db:5432', null],
    ['db :80', null],
    ['db:80\n', null],
    ['postgres://db:5432', null],
  ];
  for (const [text, expected] of table) {
    const place = parseHostPort(text);
    assert.equal(place && `${place.host} ${place.port}`, expected, text);
  }
});

test('what cannot be used is told at its line, with what would be right', (t) => {
  const table: [string, RegExp][] = [
    [
      '{ tcp: db }',
      /^reeve\.yaml:6:\d+: error: "db" is not HOST:PORT \[bad-value\]\n.*Write it as/,
    ],
    ['{ tcp: "me:needle@db:1" }', /the address holds a user or a password, which would stand/],
    ['{ http: "https://me:needle@kms/" }', /the address holds a user or a password/],
    ['{ http: "ftp://kms/" }', /"ftp:\/\/kms\/" is neither http nor https/],
    ['{ http: kms }', /"kms" is no address/],
    ['{ http: "https://kms/#x" }', /has a fragment, which is never sent/],
    ['{ http: "https://kms/", status: 99 }', /dependencies\.db\.status must be at least 200/],
    ['{ file: "" }', /dependencies\.db\.file must have at least 1 character/],
    ['{ disk: . }', /dependencies\.db\.free is missing/],
    ['{ disk: ., free: 10 }', /dependencies\.db\.free must be a size with its unit/],
    ['{ tcp: "db:1", timeout: 31s }', /dependencies\.db\.timeout must be from 10ms to 30s/],
    ['{ tcp: "db:1", timeout: 1ms }', /must be from 10ms to 30s/],
    ['{ tcp: "db:1", timout: 1s }', /there is no field "timout".*\n.*Did you mean "timeout"/],
    ['{ tcp: "db:1", file: x }', /there is no field/],
    ['{ grpc: "db:1" }', /dependencies\.db|there is no field/],
    ['"db:5432"', /dependencies\.db must be a probe/],
    [
      '{ environments: { prod: { tcp: "db:1" } } }',
      /there is no environment "prod".*\n.*production/,
    ],
    [
      '{ postgres: { secret: URL } }',
      /the settings say no source of URL for development, production/,
    ],
    ['{ redis: { secret: MADE } }', /MADE comes from a command in development, production/],
    ['{ postgres: { secret: HALF } }', /no source of HALF for production/],
  ];
  for (const [field, expected] of table) {
    const lines = said(
      t,
      `dependencies:
  db: ${field}
secrets:
  MADE: { command: make }
  HALF: { environments: { development: { env: HALF } } }
`,
    );
    assert.ok(
      lines.some((line) => expected.test(line)),
      `${field}\n${lines.join('\n')}`,
    );
    assert.ok(!lines.join('\n').includes('needle'), field);
  }
  const names = said(t, 'dependencies:\n  Db: { tcp: "db:1" }\n');
  assert.match(names[0]!, /^reeve\.yaml:6:3: error: "Db" must be a name: lower-case letters/);
});

test('a dependency without a probe in one of its environments is a warning', (t) => {
  const settings = `dependencies:
  postgres: { environments: { development: { tcp: "db:5432" } } }
  redis: { redis: "redis:6379" }
`;
  const fields = `${run}\nenvironments: [development, production]\ndependencies: [redis, postgres, postgre]`;
  const lines = said(t, settings, command('it', fields));
  assert.deepEqual(
    lines.map((line) => line.replace(/^\S+ /, '')),
    [
      'warning: reeve.yaml has no probe of postgres for production: runs there are refused [dependency-without-probe]\n    Say how it is looked at: dependencies: { postgres: { tcp: HOST:PORT } }.',
      'warning: reeve.yaml has no probe of postgre for development, production: runs there are refused [dependency-without-probe]\n    Did you mean postgres?',
    ],
  );
});

test('a command that probes waits for nobody, needs no other, and is called as declared', (t) => {
  const probe = (fields: string, probed = '{ command: check }', more = '') =>
    said(
      t,
      `${more}dependencies:\n  ready: ${probed}\n  up: { tcp: "db:1" }\n`,
      command('check', fields) + command('it', `${run}\ndependencies: [ready]`),
    ).join('\n');
  assert.equal(probe(run), '');
  assert.match(probe(run, '{ command: chek }'), /no command "chek".*\n.*Did you mean check/);
  assert.match(
    probe(`${run}\napprovals: [ops_lead]\ninputs: unbound`),
    /^reeve\.yaml:6:\d+: error: check demands approvals in development, and nobody is asked for a probe \[probe-command\]/,
  );
  assert.match(
    probe(`${run}\nenvironments: { development: { approvals: [ops_lead] } }\ninputs: unbound`),
    /check demands approvals in development/,
  );
  assert.match(probe(`${run}\ndependencies: [up]`), /check itself depends on up/);
  assert.match(probe(`${run}\ndependencies: [ready]`), /check itself depends on ready/);
  assert.match(probe(run, '{ command: check, arguments: { x: 1 } }'), /do not fit check: x/);
  assert.match(probe(`${run}\nenvironments: [production]`), /check does not run in development/);
  assert.equal(
    probe(run, '{ environments: { development: { command: check } } }'),
    '',
    'not needed elsewhere',
  );
  assert.match(
    probe(run, '{ environments: { production: { command: check } } }'),
    /check does not run in production/,
  );
  assert.match(
    probe(`${run}\nsecrets: [MADE]`, '{ command: check }', 'secrets:\n  MADE: { command: it }\n'),
    /check needs the secret MADE, which comes from a command in development/,
  );
});
