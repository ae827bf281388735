/** Settings: what loads, what is refused and how it is said, and where files may lie. */
import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatDiagnostic } from '../../../src/core/diagnostic.ts';
import { keepEverything } from '../../../src/core/retention.ts';
import { checkStateDirectory, loadSettings } from '../../../src/inventory/settings.ts';
import { emptyFolder, messages, ok, rules } from './house.ts';

function folderWith(t: Parameters<typeof emptyFolder>[0], text: string | Uint8Array) {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, 'ws'));
  mkdirSync(join(folder, 'policy'));
  writeFileSync(join(folder, 'policy/a.cedar'), '');
  writeFileSync(join(folder, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  const file = join(folder, 'reeve.yaml');
  writeFileSync(file, text);
  const complaints = (env = {}) =>
    messages(loadSettings(file, env)).map((m) => m.replaceAll(`${folder}/`, ''));
  return { folder, file, complaints, load: (env = {}) => loadSettings(file, env) };
}
const least = 'version: 1\nenvironments: { development: { workspace: ws } }\n';

test('the least that loads has the documented defaults', (t) => {
  const { folder, file, load } = folderWith(t, least);
  assert.deepEqual(ok(load()), {
    file,
    folder,
    inventory: join(folder, 'inventory.yaml'),
    runbooks: null,
    policy: null,
    listen: { host: '127.0.0.1', port: 8080 },
    publicUrl: null,
    tls: null,
    proxy: { trusted: [] },
    rate: {
      perPrincipal: { perSecond: 50, burst: 1_000 },
      recordedRefusals: { perSecond: 5, burst: 1_000 },
    },
    allowedHosts: [],
    defaultEnvironment: 'development',
    environments: {
      development: {
        name: 'development',
        workspace: join(folder, 'ws'),
        variables: {},
        mounts: [],
        runAs: null,
      },
    },
    secrets: {},
    dependencies: {},
    sandbox: 'required',
    limitsRequired: false,
    concurrency: { running: 8, waiting: 100 },
    graceMs: 2000,
    localRisks: ['low', 'medium'],
    auditFile: null,
    auditRotation: null,
    audit: { everyMs: 3_600_000, checkpoints: [], witnesses: [] },
    people: null,
    identity: { oidc: null },
    approvals: {
      expireAfterMs: 86_400_000,
      startWithinMs: 900_000,
      waitingPerPrincipal: 10,
      loginFreshMs: 300_000,
      proofs: {},
      defaultProofs: ['passkey'],
    },
    webhooks: [],
    retention: keepEverything,
    traces: null,
  });
  assert.ok(Object.isFrozen(ok(load()).environments['development']));
});

test('every key is read, and relative paths are relative to the file', (t) => {
  const { folder, load } = folderWith(
    t,
    `version: 1
inventory: ./inventory.yaml
policy: policy
listen: "[::1]:9000"
publicUrl: https://reeve.example.org/
allowedHosts: [reeve.internal]
defaultEnvironment: staging
environments:
  staging: &base { workspace: ws, variables: { A_B: "1", RAILS_ENV: staging }, mounts: [{ path: policy, at: /opt/policy }], runAs: 1234 }
  other: *base
sandbox: unsandboxed
limits: { required: true }
concurrency: { running: 2, waiting: 0 }
grace: 500ms
localMode: { allowRisks: [high] }
auditFile: audit.log
auditRotation: { size: 64MiB, keep: 10 }
`,
  );
  const settings = ok(load());
  assert.deepEqual(settings.environments['staging'], {
    name: 'staging',
    workspace: join(folder, 'ws'),
    variables: { A_B: '1', RAILS_ENV: 'staging' },
    mounts: [{ source: join(folder, 'policy'), target: '/opt/policy' }],
    runAs: 1234,
  });
  const {
    listen,
    publicUrl,
    sandbox,
    limitsRequired,
    concurrency,
    graceMs,
    localRisks,
    auditFile,
    auditRotation,
    defaultEnvironment,
  } = settings;
  assert.deepEqual(
    {
      listen,
      publicUrl,
      sandbox,
      limitsRequired,
      concurrency,
      graceMs,
      localRisks,
      auditFile,
      auditRotation,
      defaultEnvironment,
    },
    {
      listen: { host: '::1', port: 9000 },
      publicUrl: 'https://reeve.example.org',
      sandbox: 'unsandboxed',
      limitsRequired: true,
      concurrency: { running: 2, waiting: 0 },
      graceMs: 500,
      localRisks: ['low', 'medium', 'high'],
      auditFile: join(folder, 'audit.log'),
      auditRotation: { size: 64 * 2 ** 20, keep: 10 },
      defaultEnvironment: 'staging',
    },
  );
});

test('everything that is wrong is said at once, each at its place with what would be right', (t) => {
  const { complaints } = folderWith(
    t,
    `version: 2
inventry: x
listen: localhost
policy: nowhere
environments:
  Dev: { workspace: ws }
  gone: { workspace: nowhere, runAs: 0 }
  dev: { workspace: inventory.yaml, variables: { LD_PRELOAD: x, PORT: 80, "A-B": c } }
defaultEnvironment: prod
grace: 2
`,
  );
  assert.deepEqual(complaints(), [
    'reeve.yaml:1:10: error: version must be 1, and is the number 2 [bad-value]\n    The version of this format: version: 1.',
    'reeve.yaml:2:1: error: there is no field "inventry" here [unknown-field]\n    Did you mean "inventory"?',
    'reeve.yaml:3:9: error: "localhost" is not HOST:PORT [bad-value]\n    Write it as 127.0.0.1:8080 or [::1]:8080.',
    'reeve.yaml:4:9: error: the policy folder nowhere does not exist [missing-file]\n    Create it with at least one *.cedar file, or leave "policy" out for the built-in policy of the local user.',
    'reeve.yaml:6:3: error: "Dev" is no environment name: lower-case letters, digits, "-" and "_", beginning with a letter, 63 characters at most [bad-name]',
    'reeve.yaml:7:38: error: environments.gone.runAs must be at least 1 [bad-value]\n    The user id that commands have in the sandbox, never 0: runAs: 10001. Default: the owner of the workspace.',
    'reeve.yaml:8:50: error: "LD_PRELOAD" may not be set: LD_* variables make the loader run other code [bad-name]',
    'reeve.yaml:8:71: error: environments.dev.variables.PORT must be text (put it in quotes), and is the number 80 [wrong-type]',
    'reeve.yaml:8:75: error: "A-B" is no variable name: letters, digits and "_", not beginning with a digit [bad-name]',
    'reeve.yaml:10:8: error: grace must be a duration with its unit, such as 500ms, 60s, 5m, 2h or 90d, and is the number 2 [wrong-type]\n    Time between SIGTERM and SIGKILL: grace: 5s. Default 2s.',
  ]);
});

test('text of the file | rule | why', (t) => {
  const bomb = `version: 1\na: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((n, i) => `${n}: &${n} [${Array(10).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
    .join('\n')}\n`;
  const table: [string | Uint8Array, string, string][] = [
    [`${least}version: 1\n`, 'duplicate-key', 'a name twice'],
    ['version: 1\nenvironments:\n\tdevelopment: {}\n', 'tab', 'a tab'],
    [
      Buffer.concat([Buffer.from('version: 1\n# '), Buffer.from([0xff, 0xfe])]),
      'not-utf-8',
      'not UTF-8',
    ],
    [`${least}# ${'x'.repeat(1024 * 1024)}`, 'too-large', 'huge'],
    [`${least}__proto__: { sandbox: unsandboxed }\n`, 'forbidden-key', '__proto__'],
    [
      'version: 1\nenvironments: { development: { workspace: ws, __proto__: { runAs: 1 } } }\n',
      'forbidden-key',
      '__proto__ deep inside',
    ],
    [bomb, 'aliases', 'an alias bomb'],
    ['[', 'yaml', 'an open bracket'],
    [`a: ${'['.repeat(5000)}${']'.repeat(5000)}`, 'too-deep', 'nesting'],
    ['a: !!js/function x', 'yaml', 'a tag'],
    [`${least}---\n${least}`, 'yaml', 'two documents'],
    [`%YAML 1.1\n---\n${least}`, 'yaml-version', 'YAML 1.1, where yes is true'],
    ['a: *nothing', 'aliases', 'an alias of nothing'],
    ['', 'wrong-type', 'nothing at all'],
    ['just text', 'wrong-type', 'no map'],
    [`${least}grace: .inf\n`, 'number', 'infinity'],
    [`${least}<<: { sandbox: unsandboxed }\n`, 'unknown-field', 'a merge key is only a name'],
    ['version: 1\nenvironments: {}\n', 'bad-value', 'no environment'],
    [
      'version: 1\nenvironments: { development: { workspace: /proc/self } }\n',
      'workspace',
      'a place of the system',
    ],
    ['version: 1\nenvironments: { development: { workspace: / } }\n', 'workspace', 'the root'],
    [
      'version: 1\nenvironments: { a: { workspace: ws }, b: { workspace: ws } }\n',
      'missing-field',
      'no default among several',
    ],
    [`${least}publicUrl: http://user:pw@host/\n`, 'bad-value', 'a password in a URL'],
    [`${least}listen: 127.0.0.1:65536\n`, 'bad-value', 'no such port'],
    [`${least}allowedHosts: [a:1]\n`, 'bad-value', 'a host with a port'],
    [
      `${least}auditRotation: { size: 1KiB, keep: 3 }\n`,
      'bad-value',
      'files too small to be of use',
    ],
    [`${least}auditRotation: { size: 64MiB, keep: 0 }\n`, 'bad-value', 'none that is kept'],
    [`${least}auditRotation: { size: 64MiB }\n`, 'missing-field', 'not said how many'],
    [
      `${least}auditFile: ws/audit.log\n`,
      'writable-by-commands',
      'an audit file that a command could rewrite',
    ],
    [
      'version: 1\nenvironments: { development: { workspace: ws, mounts: [/dev] } }\n',
      'mount',
      'a device folder',
    ],
    [
      'version: 1\nenvironments: { development: { workspace: ws, mounts: [.] } }\n',
      'mount',
      'a mount that holds the workspace',
    ],
    [
      'version: 1\nenvironments: { development: { workspace: ws, mounts: [{ path: policy, at: /usr/x }] } }\n',
      'mount-target',
      'a mount over the system',
    ],
    [
      'version: 1\nenvironments: { development: { workspace: ws, mounts: [{ path: policy, at: /tmp }] } }\n',
      'mount-target',
      'a mount that hides /tmp',
    ],
    [
      'version: 1\nenvironments: { development: { workspace: ws, mounts: [{ path: policy, at: relative }] } }\n',
      'bad-value',
      'a relative target',
    ],
  ];
  for (const [text, rule, why] of table) {
    const loaded = folderWith(t, text).load();
    assert.equal(loaded.ok, false, why);
    assert.ok(
      rules(loaded).includes(rule),
      `${why}: ${rules(loaded)}\n${messages(loaded).join('\n')}`,
    );
  }
});

test('variables override the file, and a bad one is named', (t) => {
  const { folder, load, complaints } = folderWith(t, least);
  const settings = ok(
    load({
      REEVE_LISTEN: '0.0.0.0:1',
      REEVE_PUBLIC_URL: 'http://x',
      REEVE_INVENTORY: join(folder, 'inventory.yaml'),
      REEVE_POLICY: join(folder, 'policy'),
      REEVE_DEFAULT_ENVIRONMENT: 'development',
      REEVE_SANDBOX: 'unsandboxed',
      REEVE_AUDIT_FILE: join(folder, 'a.log'),
      REEVE_ALLOWED_HOSTS: 'a.example, b.example',
      REEVE_CONCURRENCY_RUNNING: '3',
      REEVE_GRACE: '1s',
      REEVE_TOKEN: 'not ours',
      REEVE_CONCURRENCY_WAITING: '',
    }),
  );
  assert.deepEqual(
    [
      settings.listen,
      settings.publicUrl,
      settings.policy,
      settings.sandbox,
      settings.allowedHosts,
      settings.concurrency,
      settings.graceMs,
    ],
    [
      { host: '0.0.0.0', port: 1 },
      'http://x',
      join(folder, 'policy'),
      'unsandboxed',
      ['a.example', 'b.example'],
      { running: 3, waiting: 100 },
      1000,
    ],
  );
  const bad = complaints({
    REEVE_LISTEN: 'x',
    REEVE_SANDBOX: 'off',
    REEVE_CONCURRENCY_WAITING: '-1',
    REEVE_GRACE: 'soon',
    REEVE_POLICY: '/nowhere',
    REEVE_DEFAULT_ENVIRONMENT: 'develop',
    REEVE_LISTN: 'x',
  });
  for (const name of [
    'REEVE_LISTEN',
    'REEVE_SANDBOX',
    'REEVE_CONCURRENCY_WAITING',
    'REEVE_GRACE',
    'REEVE_POLICY',
    'REEVE_DEFAULT_ENVIRONMENT',
  ]) {
    assert.ok(
      bad.some((m) => m.startsWith(`${name}: error: `)),
      `${name}\n${bad.join('\n')}`,
    );
  }
  assert.ok(
    bad.some(
      (m) => m.includes('"REEVE_LISTN" sets nothing') && m.includes('Did you mean REEVE_LISTEN?'),
    ),
  );
});

test('no configuration lies where a command can write, except .reeve at the root of a workspace', (t) => {
  const root = emptyFolder(t);
  const place = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
    return join(root, path);
  };
  const settings = (workspace: string) =>
    `version: 1\nenvironments: { development: { workspace: ${workspace} } }\n`;
  const inventory = 'version: 1\ncommands: {}\n';
  place('ws/sub/.reeve/inventory.yaml', inventory);
  place('ws/.reeve/inventory.yaml', inventory);
  place('conf/inventory.yaml', inventory);
  place('ws/inventory.yaml', inventory);
  symlinkSync(join(root, 'ws/inventory.yaml'), join(root, 'conf/linked.yaml'));
  symlinkSync(join(root, 'conf/inventory.yaml'), join(root, 'ws/outward.yaml'));
  symlinkSync(join(root, 'ws'), join(root, 'alias'));
  const verdicts: [string, string, string, boolean][] = [
    ['conf/reeve.yaml', '../ws', 'inventory.yaml', true],
    ['ws/.reeve/reeve.yaml', '..', 'inventory.yaml', true],
    ['ws/reeve.yaml', '.', '../conf/inventory.yaml', false],
    ['ws/sub/.reeve/reeve.yaml', '../..', '../../../conf/inventory.yaml', false],
    ['conf/reeve.yaml', '../ws', '../ws/inventory.yaml', false],
    ['conf/reeve.yaml', '../ws', 'linked.yaml', false],
    ['conf/reeve.yaml', '../ws', '../ws/outward.yaml', false],
    ['conf/reeve.yaml', '../alias', '../ws/inventory.yaml', false],
    ['conf/reeve.yaml', '../ws', '../alias/inventory.yaml', false],
    ['conf/reeve.yaml', '../ws', '../ws/.reeve/inventory.yaml', true],
  ];
  for (const [file, workspace, inv, fine] of verdicts) {
    const loaded = loadSettings(place(file, `${settings(workspace)}inventory: ${inv}\n`), {});
    assert.equal(
      loaded.ok,
      fine,
      `${file} ${workspace} ${inv}: ${loaded.ok ? 'loads' : loaded.diagnostics.map(formatDiagnostic).join('\n')}`,
    );
    if (!loaded.ok) assert.deepEqual(rules(loaded), ['writable-by-commands']);
  }
  const held = ok(loadSettings(place('conf/reeve.yaml', settings('../ws')), {}));
  assert.equal(held.environments['development']!.workspace, realpathSync(join(root, 'ws')));
  assert.match(
    formatDiagnostic(checkStateDirectory(join(root, 'ws/state'), held)!),
    /the state directory .* a command could rewrite it/,
  );
  assert.match(
    formatDiagnostic(checkStateDirectory(join(root, 'alias/new/state'), held)!),
    /state directory/,
  );
  assert.equal(checkStateDirectory(join(root, 'ws/.reeve/state'), held), null);
  assert.equal(checkStateDirectory(join(root, 'state'), held), null);
});

test('.reeve that is a symbolic link protects nothing', (t) => {
  const root = emptyFolder(t);
  mkdirSync(join(root, 'ws/elsewhere'), { recursive: true });
  mkdirSync(join(root, 'conf'));
  writeFileSync(join(root, 'ws/elsewhere/inventory.yaml'), 'version: 1\ncommands: {}\n');
  symlinkSync('elsewhere', join(root, 'ws/.reeve'));
  writeFileSync(
    join(root, 'conf/reeve.yaml'),
    'version: 1\ninventory: ../ws/.reeve/inventory.yaml\nenvironments: { a: { workspace: ../ws } }\n',
  );
  assert.deepEqual(rules(loadSettings(join(root, 'conf/reeve.yaml'), {})), [
    'writable-by-commands',
  ]);
});

test('a workspace inside another is loaded with a warning', (t) => {
  const { folder, load } = folderWith(
    t,
    'version: 1\ndefaultEnvironment: a\nenvironments: { a: { workspace: ws }, b: { workspace: ws/b } }\n',
  );
  mkdirSync(join(folder, 'ws/b'));
  assert.deepEqual(rules(load()), ['nested-workspaces']);
});

test("a workspace that holds Reeve's own program is refused: a command could become the gateway", (t) => {
  const checkout = realpathSync(fileURLToPath(new URL('../../..', import.meta.url)));
  const { load } = folderWith(
    t,
    `version: 1\nenvironments: { development: { workspace: ${JSON.stringify(checkout)} } }\n`,
  );
  const loaded = load();
  assert.deepEqual(rules(loaded), ['writable-by-commands']);
  assert.match(
    messages(loaded).join(),
    /own program[\s\S]*Install Reeve outside of every workspace/,
  );
});
