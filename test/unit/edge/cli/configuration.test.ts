/** Which configuration holds, trust in what was merely found, and the state folder. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Home, makeHome } from './reeve.ts';

const settings =
  'version: 1\ninventory: inventory.yaml\npolicy: policy\nenvironments: { development: { workspace: ./workspace } }\n';

function layOut(home: Home): void {
  mkdirSync(join(home.folder, 'policy'));
  mkdirSync(join(home.folder, 'workspace'));
  writeFileSync(join(home.folder, 'reeve.yaml'), settings);
  writeFileSync(join(home.folder, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  writeFileSync(join(home.folder, 'policy', 'a.cedar'), 'permit (principal, action, resource);\n');
}

test('a reeve.yaml in the current folder is used only after reeve trust', async () => {
  using home = makeHome();
  layOut(home);
  const before = await home.bare(['list']);
  assert.equal(before.code, 3);
  assert.match(
    before.stderr,
    /reeve\.yaml is not trusted, so it was not used\.\n.*\n {2}next: .*reeve trust/,
  );
  const trusted = await home.bare(['trust']);
  assert.equal(trusted.code, 0, trusted.stderr);
  assert.match(trusted.stdout, /inventory\.yaml[\s\S]*a\.cedar/);
  assert.equal((await home.bare(['list'])).code, 0);
  const record = join(home.folder, 'state', 'reeve', 'trusted.json');
  assert.equal(statSync(record).mode & 0o777, 0o600);
});

test('a change to the configuration or to a file that it names asks for trust again, and is named', async () => {
  using home = makeHome();
  layOut(home);
  const changes: readonly (readonly [string, () => void, RegExp])[] = [
    [
      'settings',
      () => writeFileSync(join(home.folder, 'reeve.yaml'), `${settings}# more\n`),
      /reeve\.yaml was changed/,
    ],
    [
      'inventory',
      () => writeFileSync(join(home.folder, 'inventory.yaml'), 'version: 1\n'),
      /inventory\.yaml was changed/,
    ],
    [
      'a new policy',
      () => writeFileSync(join(home.folder, 'policy', 'b.cedar'), ''),
      /b\.cedar is new/,
    ],
    ['a policy gone', () => rmSync(join(home.folder, 'policy', 'a.cedar')), /a\.cedar is gone/],
  ];
  for (const [what, change, message] of changes) {
    assert.equal((await home.bare(['trust'])).code, 0, what);
    change();
    const ended = await home.bare(['list']);
    assert.equal(ended.code, 3, what);
    assert.match(ended.stderr, message);
  }
});

test('trust is shown and revoked', async () => {
  using home = makeHome();
  layOut(home);
  await home.bare(['trust']);
  assert.match((await home.bare(['trust', '--show'])).stdout, /reeve\.yaml {2}as trusted/);
  writeFileSync(join(home.folder, 'inventory.yaml'), '');
  assert.match(
    (await home.bare(['trust', '--show'])).stdout,
    /changed since[\s\S]*inventory\.yaml was changed/,
  );
  assert.match((await home.bare(['trust', '--revoke'])).stdout, /trusted no longer/);
  assert.equal((await home.bare(['list'])).code, 3);
});

test('a configuration that is named needs no trust', async () => {
  using home = makeHome();
  layOut(home);
  assert.equal((await home.bare(['list', '--config', 'reeve.yaml'])).code, 0);
  const env = { REEVE_CONFIG: join(home.folder, 'reeve.yaml') };
  assert.equal((await home.bare(['list'], { env })).code, 0);
});

test('the configuration is looked for in the order that is documented', async () => {
  using home = makeHome();
  const folder = join(home.folder, '.config', 'reeve');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'reeve.yaml'), settings);
  const lint = async (...args: string[]) =>
    JSON.parse((await home.bare(['lint', '--output', 'json', ...args])).stdout).file;
  assert.equal(await lint(), join(folder, 'reeve.yaml'));
  layOut(home);
  assert.equal(await lint(), join(home.folder, 'reeve.yaml'));
  assert.equal(await lint('--config', 'named.yaml'), join(home.folder, 'named.yaml'));
});

test('a trust record that others may write, or that is a link, is not believed', async () => {
  using home = makeHome();
  layOut(home);
  await home.bare(['trust']);
  const record = join(home.folder, 'state', 'reeve', 'trusted.json');
  chmodSync(record, 0o666);
  assert.match((await home.bare(['list'])).stderr, /others may write it/);
  const content = readFileSync(record);
  rmSync(record);
  writeFileSync(join(home.folder, 'elsewhere.json'), content);
  symlinkSync(join(home.folder, 'elsewhere.json'), record);
  assert.equal((await home.bare(['list'])).code, 7);
});

test('the state folder is made for its owner alone, and refused where others may enter', async () => {
  using home = makeHome();
  assert.equal((await home.reeve(['list'])).code, 0);
  const state = join(home.folder, 'gateway-state');
  assert.equal(statSync(state).mode & 0o777, 0o700);
  chmodSync(state, 0o755);
  const ended = await home.reeve(['list']);
  assert.equal(ended.code, 7);
  assert.match(ended.stderr, /Others may enter the state folder[\s\S]*chmod 700/);
});

test('lint shows the line and a caret, and fails for errors, or for warnings with --strict', async () => {
  using home = makeHome();
  writeFileSync(join(home.folder, 'x.yaml'), 'version: 1\n  risk: BAD\u001b[2J\n');
  const ended = await home.bare(['lint', 'x.yaml']);
  assert.equal(ended.code, 1);
  assert.equal(
    ended.stdout,
    'error: this is bad [bad-word]\n --> x.yaml:2:9\n  |\n2 |   risk: BAD\\u{1b}[2J\n  |         ^\n  = write something good\n\n' +
      `${join(home.folder, 'x.yaml')}: 1 error\n`,
  );
  writeFileSync(join(home.folder, 'x.yaml'), 'BADLY\n');
  assert.equal((await home.bare(['lint', 'x.yaml'])).code, 0);
  assert.equal((await home.bare(['lint', '--strict', 'x.yaml'])).code, 1);
  writeFileSync(join(home.folder, 'x.yaml'), 'fine\n');
  assert.match((await home.bare(['lint', 'x.yaml'])).stdout, /no problems/);
});

test('a program that the configuration brings along is trusted as it is, and no more', async () => {
  using home = makeHome();
  layOut(home);
  const entry = (name: string, run: string) =>
    `  ${name}:\n    description: ${name}\n    owner: tests\n    risk: low\n    run: ${run}\n    mounts: [./bin]\n    environments: [development]\n    timeout: 30s\n    approvals: []\n    dependencies: []\n`;
  const bin = join(home.folder, 'bin');
  mkdirSync(bin);
  const programs = ['tool', 'other', 'library'];
  for (const name of programs) writeFileSync(join(bin, name), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(bin, 'script.txt'), 'one\n');
  symlinkSync('tool', join(bin, 'linked'));
  writeFileSync(
    join(home.folder, 'inventory.yaml'),
    `version: 1\ncommands:\n${entry('one', '[bin/linked]')}${entry('two', `[/usr/bin/cat, ${bin}/script.txt]`)}`,
  );
  const linted = await home.bare(['trust']);
  assert.equal(linted.code, 0, linted.stderr);
  assert.match(linted.stdout, /bin\/script\.txt\n.*bin\/tool\n/);
  assert.doesNotMatch(linted.stdout, /usr\/bin|library/);
  writeFileSync(join(bin, 'library'), '#!/bin/sh\n# not named by any command\n');
  assert.equal((await home.bare(['list'])).code, 0);
  const changes: readonly (readonly [() => void, RegExp])[] = [
    [() => writeFileSync(join(bin, 'tool'), '#!/bin/sh\nrm -rf ~\n'), /bin\/tool was changed/],
    [() => writeFileSync(join(bin, 'script.txt'), 'two\n'), /script\.txt was changed/],
    [
      () => {
        rmSync(join(bin, 'linked'));
        symlinkSync('other', join(bin, 'linked'));
      },
      /bin\/other is new; .*bin\/tool is gone/,
    ],
  ];
  for (const [change, message] of changes) {
    change();
    const ended = await home.bare(['list']);
    assert.equal(ended.code, 3);
    assert.match(ended.stderr, message);
    assert.equal((await home.bare(['trust'])).code, 0);
    assert.equal((await home.bare(['list'])).code, 0);
  }
});
