/** Variables that protect: which commands get them, and how an author sets them aside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { house, invoke, ok, rules } from '../house.ts';
import { loadLine } from './table.ts';

const command = (at: ReturnType<typeof house>, line: string, more = '') =>
  ok(loadLine(at, line, more)).commands.get('it')!;

test('run | variables that are set | why', (t) => {
  const at = house(t);
  const table: readonly (readonly [
    string,
    string,
    readonly string[],
    readonly string[],
    string,
  ])[] = [
    ['git, status', '', ['GIT_CONFIG_COUNT', 'GIT_PAGER'], [], 'git itself'],
    [
      'git, status',
      'workspace: read-only',
      ['GIT_OPTIONAL_LOCKS'],
      [],
      'nothing can be locked there',
    ],
    ['git, status', 'workspace: read-write', [], ['GIT_OPTIONAL_LOCKS'], 'something can'],
    ['env, git, status', '', ['GIT_CONFIG_COUNT'], [], 'git behind a wrapper'],
    ['sh, -c, "cd r && git status"', '', ['GIT_CONFIG_COUNT'], [], 'git in the code of a shell'],
    ['sh, -c, "echo legit"', '', [], ['GIT_CONFIG_COUNT'], 'a word that is not git'],
    ['echo, git', '', [], ['GIT_CONFIG_COUNT'], 'a program that starts nothing'],
    ['python3, -m, json.tool', '', ['PYTHONSAFEPATH', 'PYTHONNOUSERSITE'], [], 'no script'],
    [
      'python3, /opt/tool.py',
      '',
      ['PYTHONNOUSERSITE'],
      ['PYTHONSAFEPATH'],
      'the script’s folder stays on the path',
    ],
    ['npm, ls', '', ['npm_config_ignore_scripts', 'npm_config_userconfig'], [], 'npm'],
    ['systemctl, status', '', ['SYSTEMD_PAGER', 'PAGER'], [], 'no pager'],
    ['less, /workspace/a', '', ['LESSSECURE'], [], 'no shell in a pager'],
    ['rg, x', '', ['RIPGREP_CONFIG_PATH'], [], 'no file of flags'],
    [
      'git, status',
      'secrets: [GIT_ASKPASS]',
      ['GIT_PAGER'],
      ['GIT_ASKPASS'],
      'a secret of that name',
    ],
    ['tool, x', '', [], ['PAGER'], 'nobody knows it'],
  ];
  for (const [line, more, there, absent, why] of table) {
    const names = Object.keys(command(at, line, more).variables);
    for (const name of there) assert.ok(names.includes(name), `${line} ${more}: ${name} (${why})`);
    for (const name of absent)
      assert.ok(!names.includes(name), `${line} ${more}: no ${name} (${why})`);
  }
});

test('they are in the digest, and over the variables of the settings', async (t) => {
  const at = house(
    t,
    'version: 1\nenvironments:\n  development: { workspace: ./ws, variables: { GIT_PAGER: evil, LOG_LEVEL: info } }\n',
  );
  const { variables } = await invoke(at, command(at, 'git, status'), { arguments: {} });
  assert.deepEqual([variables.GIT_PAGER, variables.LOG_LEVEL], ['cat', 'info']);
  const other = command(at, 'git, status', 'variables: { GIT_PAGER: less }');
  const [one, two] = await Promise.all(
    [command(at, 'git, status'), other].map((c) => invoke(at, c, { arguments: {} })),
  );
  assert.equal(two!.variables.GIT_PAGER, 'less');
  assert.notEqual(one!.digest, two!.digest);
});

test('what an author writes stands, and is a warning where it takes protection away', (t) => {
  const at = house(t);
  const said = (more: string) => rules(loadLine(at, 'git, status', more));
  assert.deepEqual(said('variables: { GIT_PAGER: less }'), ['protection-overridden']);
  assert.deepEqual(said('variables: { GIT_PAGER: cat }'), []);
  assert.deepEqual(said('environments: { development: { variables: { GIT_EDITOR: vi } } }'), [
    'protection-overridden',
  ]);
  const accepted = 'lint: { allow: [protection-overridden], reason: "the pager is ours" }';
  const loaded = loadLine(at, 'git, status', `variables: { GIT_PAGER: less }\n${accepted}`);
  assert.equal(loaded.ok && loaded.warnings[0]?.severity, 'note');
});
